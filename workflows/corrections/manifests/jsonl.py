"""Writes a JSONL file anew with some lines changed; all others are copied as bytes, unparsed."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Protocol

from workflows.corrections.manifests.edits import EditRefused, Wording, checked_edits
from workflows.corrections.manifests.entries import Entry
from workflows.corrections.manifests.files import CHUNK, ahead
from workflows.corrections.manifests.json_lines import with_edits
from workflows.datasets.lookup.readers import MAX_RECORD, parse_record

Rows = Sequence[tuple[int, Sequence[Entry]]]


class _Lines(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


def rewrite(source: _Lines, out: BinaryIO, rows: Rows, wording: Wording, id_field: str) -> None:
    """Copy the lines of `source` to `out`, those of `rows` (in order) changed or left out.

    Raises Refused, naming the row, if a line is not as its entries say.
    """

    def changed(line: bytes, entries: Sequence[Entry]) -> bytes:
        return _changed(line, entries, wording, id_field)

    waiting = list(reversed(rows))
    first = 0  # the number of the first line in the chunk
    with ahead(chunks(source)) as pieces:
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
    waiting: list[tuple[int, Sequence[Entry]]],
    first: int,
    changed: Callable[[bytes, Sequence[Entry]], bytes],
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


def _changed(line: bytes, entries: Sequence[Entry], wording: Wording, id_field: str) -> bytes:
    record = parse_record(line)
    file, row = entries[0].place
    if record is None:
        raise EditRefused(f"{file}, row {row}: the line is no record.")
    edits = checked_edits(record, id_field, entries, wording)
    return b"" if edits is None else with_edits(line, edits)
