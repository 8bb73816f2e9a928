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
entry's keys is at hand. No phrase is found inside a longer word or number. Chinese, Japanese, Thai,
Lao, Khmer, Burmese and Tibetan have no spaces between words, so there any place counts; Korean has
them, and hangs particles on its words (PARTICLES), which do not make a word longer.

What cannot be applied is an error and never passed over: an unknown form, a key that is missing,
entries for single models where --model does not say which this is. The highest version that was
accepted is kept beside the list (--seen), and an older list is refused.

Standard library and `cryptography` only; take it, and change it as your gateway needs.
"""

import argparse
import base64
import bisect
import hashlib
import hmac
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MARK = "[suppressed]"
MOST_BETWEEN = 1000  # characters between two letters; a phrase with more between them is none
FORMS = {"exact", "normalised", "keyed_hash"}
# Chinese and Japanese, Thai and Lao, Tibetan, Burmese, Khmer, and more of each.
NO_SPACES = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u2e80-\u3130\u3190-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af]"
)
HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]")
# Vowels and endings of a syllable that is written as its letters: they go on with the one before.
SYLLABLE_GOES_ON = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
PARTICLES = re.compile(
    "(?:은|는|이|가|을|를|의|에|에게|에게서|에서|께|께서|한테|한테서|와|과|랑|하고|도|만|까지|부터|"
    "마저|조차|처럼|같이|보다|로|으로|로서|으로서|로써|으로써|라|라고|라는|라도|라며|라면|나|든지|"
    "밖에|뿐|대로|마다|야|아|여|씨|님|군|양|들|측|네|란|다|입니다|에요|예요|었다|였다|었던|였던|인|"
    "인데|지만|며|고|임|였고|였으며)+"
)
MOST_PARTICLES = 16  # syllables
FIRST_LINE = "requests-portal/suppression-list/v1"


class ListError(Exception):
    """The list is not one, or nobody whom we trust has signed it."""


def read_list(note: str, vkey: str, least_version: int = 0) -> list[dict[str, Any]]:
    """Return the entries of a list whose signature holds and that is no older. Raises ListError."""
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
    if version_of(note) < least_version:
        raise ListError(f"The list is older than version {least_version}, which was seen before.")
    return [json.loads(entry) for entry in entries]


def version_of(note: str) -> int:
    """Return the number of a list; `read_list` says whether it can be trusted. Raises ListError."""
    found = re.match(r"[^\n]*\nversion ([0-9]{1,18})\n", note)
    if not found:
        raise ListError("This list has no version.")
    return int(found[1])


def in_force(entries: Iterable[dict[str, Any]], model: str, on: date) -> list[dict[str, Any]]:
    """Return the entries that concern a model on a day.

    Raises ListError if some concern single models and `model` is empty.
    """
    current = [
        entry
        for entry in entries
        if entry["expires_on"] is None or on <= date.fromisoformat(entry["expires_on"])
    ]
    if not model and any(entry["models"] is not None for entry in current):
        raise ListError("Entries of the list are for single models. Say which this is: --model.")
    return [entry for entry in current if entry["models"] is None or model in entry["models"]]


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

    It holds back as many characters as the longest phrase may still need to be complete, and looks
    at each of them a bounded number of times. Raises ListError for a form that it does not know,
    and for a keyed hash of which no key is at hand: the phrase would not be suppressed.
    """

    def __init__(self, entries: Iterable[dict[str, Any]], *keys: bytes) -> None:
        entries = list(entries)
        strange = {entry["form"] for entry in entries} - FORMS
        if strange:
            raise ListError(f"This filter does not know what {min(strange)} is: it is too old.")
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
        # All places are counted from the beginning of what is held.
        self._parts: list[str] = []  # its letters and digits, as they are compared
        self._places: list[int] = []
        self._spans: list[tuple[int, int]] = []  # phrases that may still go on
        self._found: list[tuple[int, int]] = []  # phrases

    def feed(self, text: str) -> str:
        """Take a piece of the stream; return what can be let through by now."""
        self._take(text)
        return self._let_through(final=False)

    def finish(self) -> str:
        """Return the rest, when the stream has ended."""
        return self._let_through(final=True)

    def _take(self, text: str) -> None:
        """Append a piece of the stream, and look for what ends in it."""
        old, old_parts = len(self._held), len(self._parts)
        self._held += text
        for part, place in letters(text):
            last = self._places[-1] if self._places else old + place
            if old + place - last > MOST_BETWEEN:
                self._parts.append("\0")  # no phrase has it
                self._places.append(old + place - 1)
            self._parts.append(part)
            self._places.append(old + place)
        for phrase in self._exact:
            start = self._held.find(phrase, max(0, old - len(phrase) + 1))
            while start >= 0:
                self._spans.append((start, start + len(phrase)))
                start = self._held.find(phrase, start + 1)
        begin = max(0, old_parts - self._most_letters + 1)
        for first, length in self._occurrences("".join(self._parts[begin:]), old_parts - begin):
            self._add(begin + first, begin + first + length - 1)

    def _occurrences(self, text: str, old: int) -> Iterator[tuple[int, int]]:
        """Yield where phrases are in some letters that end behind the first `old`, with lengths."""
        for phrase in self._normalised:
            start = text.find(phrase, max(0, old - len(phrase) + 1))
            while start >= 0:
                yield start, len(phrase)
                start = text.find(phrase, start + 1)
        for (key, length), digests in self._digests.items():
            for start in range(max(0, old - length + 1), len(text) - length + 1):
                window = text[start : start + length].encode()
                if hmac.digest(key, window, hashlib.sha256) in digests:
                    yield start, length

    def _add(self, first: int, last: int) -> None:
        """Keep what is from one letter to another, if it does not begin or end in a character.

        A syllable of Hangul is several letters: 김지 is not the beginning of 김진.
        """
        places = self._places
        if first and places[first - 1] == places[first]:
            return
        if places[last + 1 : last + 2] != [places[last]]:
            self._spans.append((places[first], places[last] + 1))

    def _let_through(self, *, final: bool) -> str:
        self._decide(final=final)
        cut = len(self._held)
        if not final:
            cut = max(0, cut - self._longest)
            waiting = self._places[-self._most_letters :] if self._most_letters else []
            if waiting and len(self._held) - waiting[-1] <= MOST_BETWEEN:
                cut = min(cut, waiting[0])
            cut = min([cut, *(start for start, _end in self._spans)])
            # A phrase that reaches beyond stays whole: another one may begin inside of it.
            for start, end in sorted(self._found, reverse=True):
                if start < cut < end:
                    cut = start
        pieces, place = [], 0
        for start, end in sorted(self._found):
            if end > cut or end <= place:
                continue
            pieces += [self._held[place:start], MARK] if start >= place else []
            place = end
        pieces.append(self._held[place:cut])
        self._drop(cut)
        return "".join(pieces)

    def _drop(self, cut: int) -> None:
        """Forget what was let through."""
        self._before = self._held[cut - 1] if cut else self._before
        self._held = self._held[cut:]
        gone = bisect.bisect_left(self._places, cut)
        self._parts = self._parts[gone:]
        self._places = [place - cut for place in self._places[gone:]]
        self._spans = [(start - cut, end - cut) for start, end in self._spans]
        self._found = [(start - cut, end - cut) for start, end in self._found if end > cut]

    def _decide(self, *, final: bool) -> None:
        """Sort out which phrases stand alone; those stay open that may still go on."""
        still_open = []
        for start, end in self._spans:
            stop = self._behind_marks(end)
            alone = self._stands_alone(start, stop, final=final)
            if alone is None:
                still_open.append((start, end))
            elif alone:
                self._found.append((start, stop))
        self._spans = still_open

    def _behind_marks(self, end: int) -> int:
        """Return the end of a phrase with the marks on its last character."""
        last = min(len(self._held), end + MOST_BETWEEN)
        while end < last and unicodedata.category(self._held[end])[0] == "M":
            end += 1
        return end

    def _stands_alone(self, start: int, end: int, *, final: bool) -> bool | None:
        """Tell whether no word goes on at either end; None if that is not to be seen yet."""
        before = self._held[start - 1] if start else self._before
        if _in_one_word(before, self._held[start]):
            return False
        after = self._held[end : end + 1]
        if not after:
            return True if final else None
        if not HANGUL.match(after) or NO_SPACES.match(self._held[end - 1]):
            return not _in_one_word(self._held[end - 1], after)
        # What is hung on a word of Korean; written as letters, a syllable has up to three.
        behind = end
        while HANGUL.match(self._held[behind : behind + 1]):
            behind += 1
            if behind - end > 3 * MOST_PARTICLES:
                return False
        if behind == len(self._held) and not final:
            return None
        ending = unicodedata.normalize("NFC", self._held[end:behind])
        return not SYLLABLE_GOES_ON.match(after) and bool(PARTICLES.fullmatch(ending))


def _in_one_word(first: str, second: str) -> bool:
    """Tell whether two neighbours belong to one word or number."""
    if not (first.isalnum() and second.isalnum()):
        return False
    if NO_SPACES.match(first) or NO_SPACES.match(second):
        return False
    return bool(HANGUL.match(first)) == bool(HANGUL.match(second))


def main() -> None:
    """Filter standard input."""
    parser = argparse.ArgumentParser(description="Apply a suppression list to standard input.")
    parser.add_argument("list", help="the list, as it was fetched")
    parser.add_argument("--vkey", required=True, help="the public key of the list")
    parser.add_argument(
        "--key", action="append", default=[], help="base64 of a key of keyed hashes; repeatable"
    )
    parser.add_argument("--model", default="", help="the model whose output this is")
    parser.add_argument("--seen", help="where the highest version is kept (beside the list)")
    options = parser.parse_args()
    try:
        output_filter = _from_file(options)
    except ListError as error:
        sys.exit(str(error))
    for line in sys.stdin:
        sys.stdout.write(output_filter.feed(line))
        sys.stdout.flush()
    sys.stdout.write(output_filter.finish())


def _from_file(options: argparse.Namespace) -> OutputFilter:
    """Return the filter of a list, of which the version is kept once all of it can be applied."""
    seen = Path(options.seen or f"{options.list}.seen")
    note = Path(options.list).read_bytes().decode()
    entries = read_list(note, options.vkey, _seen_version(seen))
    wanted = in_force(entries, options.model, datetime.now(UTC).date())
    output_filter = OutputFilter(wanted, *map(base64.b64decode, options.key))
    unfinished = Path(f"{seen}.new")
    unfinished.write_text(f"{version_of(note)}\n", encoding="ascii")
    unfinished.replace(seen)
    sys.stderr.write(f"{len(wanted)} of {len(entries)} entries concern this model today.\n")
    return output_filter


def _seen_version(seen: Path) -> int:
    try:
        return int(seen.read_text(encoding="ascii"))
    except FileNotFoundError:
        return 0
    except ValueError:
        raise ListError(f"{seen} holds no version.") from None


if __name__ == "__main__":
    main()
