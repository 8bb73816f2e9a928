r"""Changes a text inside a raw line of JSONL and leaves every other byte of it as it stands.

Only the characters of a span are exchanged: key order, numbers, spaces, and the escapes of the rest
of the text stay. The new text is escaped to ASCII where the line was ASCII. A line that is no UTF-8
is read as the look-up reads it, and its broken bytes become U+FFFD if it is changed.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Protocol

import orjson

from workflows.corpus.entries import Edit, EditRefused, ManifestEntry, Replacements, verified_edits
from workflows.corpus.formats.files import CHUNK, prefetch
from workflows.corpus.formats.protocol import Rows

# A longer line is not a record: without a bound, a broken file could take all memory.
MAX_RECORD = 256 * 1024 * 1024
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


class _Lines(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


def rewrite(
    source: _Lines, out: BinaryIO, rows: Rows, wording: Replacements, id_field: str
) -> None:
    """Copy the lines of `source` to `out`, those of `rows` (in order) changed or left out.

    Raises Refused, naming the row, if a line is not as its entries say.
    """

    def changed(line: bytes, entries: Sequence[ManifestEntry]) -> bytes:
        return _changed(line, entries, wording, id_field)

    waiting = list(reversed(rows))
    first = 0  # the number of the first line in the chunk
    with prefetch(chunks(source)) as pieces:
        for chunk in pieces:
            lines = chunk.count(b"\n")
            if waiting and waiting[-1][0] < first + lines + (not chunk.endswith(b"\n")):
                _write_changed(chunk, out, waiting, first, changed)
            else:
                out.write(chunk)
            first += lines
    if waiting:
        file, row = waiting[-1][1][0].place
        raise EditRefused(f"{file}, row {row}: the file ends before it.")


def chunks(source: _Lines) -> Iterator[bytes]:
    """Yield whole lines, some megabytes at a time. Raises Refused for a line without an end."""
    while chunk := source.read(CHUNK):
        if not chunk.endswith(b"\n"):
            rest = source.readline(MAX_RECORD)
            if len(rest) == MAX_RECORD:
                raise EditRefused(f"A record has more than {MAX_RECORD} bytes.")
            chunk += rest
        yield chunk


def _write_changed(
    chunk: bytes,
    out: BinaryIO,
    waiting: list[tuple[int, Sequence[ManifestEntry]]],
    first: int,
    changed: Callable[[bytes, Sequence[ManifestEntry]], bytes],
) -> None:
    """Write a chunk whose first line has the number `first`, and take its rows off `waiting`."""
    lines = chunk.splitlines(keepends=True) if b"\r" not in chunk else _split(chunk)
    written = 0
    while waiting and waiting[-1][0] < first + len(lines):
        row, entries = waiting.pop()
        out.write(b"".join(lines[written : row - first]))
        out.write(changed(lines[row - first], entries))
        written = row - first + 1
    out.write(b"".join(lines[written:]))


def _split(chunk: bytes) -> list[bytes]:
    r"""Split at \n only: `splitlines` would end a line at \r, too."""
    pieces = chunk.split(b"\n")
    lines = [piece + b"\n" for piece in pieces[:-1]]
    return [*lines, pieces[-1]] if pieces[-1] else lines


def _changed(
    line: bytes, entries: Sequence[ManifestEntry], wording: Replacements, id_field: str
) -> bytes:
    record = parse_record(line)
    file, row = entries[0].place
    if record is None:
        raise EditRefused(f"{file}, row {row}: the line is no record.")
    edits = verified_edits(record, id_field, entries, wording)
    return b"" if edits is None else with_edits(line, edits)


def parse_record(line: bytes | bytearray) -> dict[str, Any] | None:
    """Return the object in a line of JSONL, or None where there is none."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        # The strict parser refuses lone surrogates and broken UTF-8; crawled text has them.
        try:
            record = json.loads(line.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            return None
    return record if isinstance(record, dict) else None
