"""A small filter for what a model writes: it applies the portal's suppression list to a stream.

    python output_filter.py LIST --vkey VKEY [--key KEY]... < output

LIST is what `GET /api/v1/suppression-list/` answers, a C2SP signed note:

    requests-portal/suppression-list/v1
    version 7
    made 2026-11-24T12:00:00+00:00
    {"id": …, "form": "exact", "phrase": …, "models": null, "expires_on": null, …}
    {"id": …, "form": "normalised", "phrase": …, …}
    {"id": …, "form": "keyed_hash", "key": hex, "digest": hex, "length": 9, …}

    — portal.example/suppression-list <base64>

An `exact` phrase is looked for as it stands. A `normalised` one is compared by its letters and
digits only (NFKD, case folded), so that spaces, hyphens and accents make no difference. Of a
`keyed_hash` only HMAC-SHA256 (key, those letters and digits in UTF-8) and their number are known;
the keys come by another way than the list. After the portal has changed its key, an entry may stand
there once under each; `key` names the one that is meant, and the list is refused where none of an
entry's keys is at hand. No phrase is found inside a longer word or number, but
Chinese has no spaces between words, so there any place counts.

Standard library and `cryptography` only; take it, and change it as your gateway needs.
"""

import argparse
import base64
import hashlib
import hmac
import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MARK = "[suppressed]"
MOST_HELD = 100_000  # characters; a phrase with so much between its letters is none
FIRST_LINE = "requests-portal/suppression-list/v1"


class ListError(Exception):
    """The list is not one, or nobody whom we trust has signed it."""


def read_list(note: str, vkey: str) -> list[dict[str, Any]]:
    """Return the entries of a list whose signature holds. Raises ListError."""
    name, _key_id, encoded = vkey.split("+", 2)
    public = base64.b64decode(encoded)[1:]
    text, _empty, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.removesuffix("\n").split("\n"):
        _dash, signer, signature = line.split(" ")
        if signer == name:
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(
                    base64.b64decode(signature)[4:], text.encode()
                )
                break
            except InvalidSignature:
                raise ListError("The signature of the list does not hold.") from None
    else:
        raise ListError(f"{name} has not signed the list.")
    # Not splitlines, which also splits at U+2028 and others: JSON has them as they are.
    first, _version, _made, *entries = text.removesuffix("\n").split("\n")
    if first != FIRST_LINE:
        raise ListError("This is no suppression list.")
    return [json.loads(entry) for entry in entries]


def in_force(entries: Iterable[dict[str, Any]], model: str, on: date) -> list[dict[str, Any]]:
    """Return the entries that concern a model on a day."""
    return [
        entry
        for entry in entries
        if (entry["models"] is None or model in entry["models"])
        and (entry["expires_on"] is None or on <= date.fromisoformat(entry["expires_on"]))
    ]


def letters(text: str) -> Iterator[tuple[str, int]]:
    """Yield the letters and digits of a text as they are compared, each with its place."""
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if part.isalnum():
                yield part, place


def key_name(key: bytes) -> str:
    """Return how the list calls a key of keyed hashes."""
    return hmac.digest(key, b"name of the key", hashlib.sha256)[:8].hex()


class OutputFilter:
    """Takes a stream in pieces of any size and gives it back with suppressed phrases marked.

    It holds back as many characters as the longest phrase may still need to be complete. Raises
    ListError for a keyed hash of which no key is at hand: the phrase would not be suppressed.
    """

    def __init__(self, entries: Iterable[dict[str, Any]], *keys: bytes) -> None:
        entries = list(entries)
        self._exact = [entry["phrase"] for entry in entries if entry["form"] == "exact"]
        self._normalised = {
            "".join(part for part, _place in letters(entry["phrase"]))
            for entry in entries
            if entry["form"] == "normalised"
        }
        named = {key_name(key): key for key in keys}
        self._digests: dict[tuple[bytes, int], set[bytes]] = {}
        unknown, known = set(), set()
        for entry in entries:
            if entry["form"] == "keyed_hash":
                if entry["key"] not in named:
                    unknown.add(entry["id"])
                    continue
                known.add(entry["id"])
                by = named[entry["key"]], entry["length"]
                self._digests.setdefault(by, set()).add(bytes.fromhex(entry["digest"]))
        if unknown - known:
            raise ListError(f"The key of {len(unknown - known)} keyed hashes is not at hand.")
        self._longest = max(map(len, self._exact), default=0)
        lengths = [length for _key, length in self._digests]
        self._most_letters = max([*map(len, self._normalised), *lengths], default=0)
        self._held = ""
        self._before = ""  # the character before what is held

    def feed(self, text: str) -> str:
        """Take a piece of the stream; return what can be let through by now."""
        self._held += text
        return self._let_through(final=False)

    def finish(self) -> str:
        """Return the rest, when the stream has ended."""
        return self._let_through(final=True)

    def _let_through(self, *, final: bool) -> str:
        found = list(letters(self._held))
        spans = sorted(self._spans(found))
        cut = len(self._held)
        if not final:
            cut = max(0, cut - self._longest)
            if self._most_letters:
                cut = min(cut, found[-self._most_letters :][0][1] if found else cut)
            cut = max(cut, len(self._held) - MOST_HELD)
            # A phrase that reaches beyond stays whole: another one may begin inside of it.
            for start, end in reversed(spans):
                if start < cut < end or (start < cut and end == len(self._held)):
                    cut = start
        pieces, place = [], 0
        for start, end in spans:
            if end > cut or end <= place:
                continue
            pieces += [self._held[place:start], MARK] if start >= place else []
            place = end
        pieces.append(self._held[place:cut])
        self._before = self._held[cut - 1] if cut else self._before
        self._held = self._held[cut:]
        return "".join(pieces)

    def _spans(self, found: list[tuple[str, int]]) -> Iterator[tuple[int, int]]:
        for phrase in self._exact:
            start = self._held.find(phrase)
            while start >= 0:
                if self._stands_alone(start, start + len(phrase)):
                    yield start, start + len(phrase)
                start = self._held.find(phrase, start + 1)
        text = "".join(part for part, _place in found)
        for phrase in self._normalised:
            start = text.find(phrase)
            while start >= 0:
                yield from self._alone(found, start, len(phrase))
                start = text.find(phrase, start + 1)
        for (key, length), digests in self._digests.items():
            for start in range(len(text) - length + 1):
                window = text[start : start + length].encode()
                if hmac.digest(key, window, hashlib.sha256) in digests:
                    yield from self._alone(found, start, length)

    def _alone(
        self, found: list[tuple[str, int]], start: int, length: int
    ) -> Iterator[tuple[int, int]]:
        begin, end = found[start][1], found[start + length - 1][1] + 1
        while end < len(self._held) and unicodedata.combining(self._held[end]):
            end += 1
        if self._stands_alone(begin, end):
            yield begin, end

    def _stands_alone(self, start: int, end: int) -> bool:
        before = self._held[start - 1] if start else self._before
        after = self._held[end : end + 1]
        return not (
            _in_one_word(before, self._held[start]) or _in_one_word(self._held[end - 1], after)
        )


def _in_one_word(first: str, second: str) -> bool:
    """Tell whether two neighbours belong to one word or number; Han characters stand alone."""
    return all(
        character.isalnum() and not "\u2e80" <= character <= "\u9fff"
        for character in (first, second)
    ) and bool(first and second)


def main() -> None:
    """Filter standard input."""
    parser = argparse.ArgumentParser(description="Apply a suppression list to standard input.")
    parser.add_argument("list", help="the list, as it was fetched")
    parser.add_argument("--vkey", required=True, help="the public key of the list")
    parser.add_argument(
        "--key", action="append", default=[], help="base64 of a key of keyed hashes; repeatable"
    )
    parser.add_argument("--model", default="", help="the model whose output this is")
    options = parser.parse_args()
    with open(options.list, encoding="utf-8") as file:  # noqa: PTH123 - no more imports than needed
        entries = read_list(file.read(), options.vkey)
    wanted = in_force(entries, options.model, datetime.now(UTC).date())
    output_filter = OutputFilter(wanted, *map(base64.b64decode, options.key))
    for line in sys.stdin:
        sys.stdout.write(output_filter.feed(line))
        sys.stdout.flush()
    sys.stdout.write(output_filter.finish())


if __name__ == "__main__":
    main()
