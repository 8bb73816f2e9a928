r"""Changes a text inside a raw line of JSONL and leaves every other byte of it as it stands.

Only the characters of a span are exchanged: key order, numbers, spaces, and the escapes of the rest
of the text stay. The new text is escaped to ASCII where the line was ASCII. A line that is no UTF-8
is read as the look-up reads it, and its broken bytes become U+FFFD if it is changed.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from workflows.corrections.manifests.edits import Edit, EditRefused

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],]', re.DOTALL)
_SURROGATES = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"{_SURROGATES}|\\u[0-9a-fA-F]{{4}}|\\.", re.DOTALL)


def with_edits(line: bytes, edits: Mapping[str, Sequence[Edit]]) -> bytes:
    """Return a line, with its line end, in which the edits of each field are made.

    Raises Refused if a field is not a text of the object.
    """
    text = line.decode("utf-8", "replace")
    spans = []
    for field, of_field in edits.items():
        begin, end = _literal(text, field)
        bounds = [bound for edit in of_field for bound in (edit.start, edit.end)]
        raw = list(_raw_positions(text[begin:end], bounds))
        for edit, start, stop in zip(of_field, raw[::2], raw[1::2], strict=True):
            written = json.dumps(edit.text, ensure_ascii=line.isascii())[1:-1]
            spans.append((begin + start, begin + stop, written))
    pieces: list[str] = []
    position = 0
    for start, stop, written in sorted(spans):
        pieces += (text[position:start], written)
        position = stop
    return "".join([*pieces, text[position:]]).encode("utf-8", "surrogatepass")


def _literal(line: str, field: str) -> tuple[int, int]:
    """Return where the text of a field stands between its quotes; of a repeated key, the last."""
    found: tuple[int, int] | None = None
    depth, key, key_follows = 0, "", False
    for token in _TOKEN.finditer(line):
        mark = token[0]
        if mark in "{[":
            depth += 1
            key_follows = depth == 1
        elif mark in "}]":
            depth -= 1
        elif depth == 1 and mark == ",":
            key_follows = True
        elif depth == 1 and key_follows:
            key, key_follows = json.loads(mark, strict=False), False
            if key == field:
                found = None
        elif depth == 1 and key == field:
            found = token.start() + 1, token.end() - 1
    if found is None:
        raise EditRefused(f"The record has no text in {field}.")
    return found


def _raw_positions(literal: str, offsets: Iterable[int]) -> Iterator[int]:
    """Yield where code points of the decoded text stand in its JSON spelling; `offsets` ascend."""
    escapes = _ESCAPE.finditer(literal)
    escape = next(escapes, None)
    surplus = 0  # characters of the spelling before here that are not in the text
    for offset in offsets:
        while escape is not None and escape.start() - surplus < offset:
            surplus += len(escape[0]) - 1
            escape = next(escapes, None)
        yield offset + surplus
