"""Plain text: a file is one document, cut by the look-up into records of 16 to 32 KiB.

A record is no unit of meaning, so nothing deletes a whole one: a deletion takes the paragraph in
which the person stands. Where records begin depends on the bytes before them, so what comes out is
not compared record by record but has to be, byte for byte, what the manifest makes of the old file.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workflows.corrections.manifests.edits import EditRefused, Wording, checked_edits, edited
from workflows.corrections.manifests.entries import ManifestError
from workflows.corrections.manifests.jsonl import Rows
from workflows.datasets.lookup.readers import Schema, batches
from workflows.datasets.lookup.shards import Format, ReadError, Shard

ENDING = ".txt"
ID = "id"
FIELD = "text"
# A longer paragraph, or line, is no unit of meaning either.
LONGEST = 4000
_EMPTY_LINE = re.compile(r"\n[ \t\r]*\n")


def is_text(path: Path) -> bool:
    """Return whether a file is plain text, by its name."""
    return path.name.endswith(ENDING)


def text_records(path: Path, file: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records of a document with their numbers. Raises ManifestError."""
    for number, raw in _pieces(path, file):
        yield number, _record(file, number, raw)


def paragraph(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the paragraph around a span, or its line; the span itself where both are too long."""
    before = [place.end() for place in _EMPTY_LINE.finditer(text, 0, start)]
    after = _EMPTY_LINE.search(text, end)
    line_end = text.find("\n", end)
    found = [
        (before[-1] if before else 0, after.start() if after else len(text)),
        (text.rfind("\n", 0, start) + 1, line_end if line_end >= 0 else len(text)),
    ]
    for first, last in found:
        if last - first <= LONGEST:
            return first, last
    return start, end


def rewritten(source: Path, file: str, rows: Rows, wording: Wording) -> Iterator[bytes]:
    """Yield what the entries of `rows` (in order) make of a document, piece by piece.

    Raises Refused if a record is not as its entries say.
    """
    waiting = list(reversed(rows))
    try:
        for number, raw in _pieces(source, file):
            if waiting and waiting[-1][0] == number:
                record = _record(file, number, raw)
                edits = checked_edits(record, ID, waiting.pop()[1], wording)
                text = "" if edits is None else edited(record[FIELD], edits[FIELD])
                yield text.encode("utf-8", "surrogatepass")
            else:
                yield bytes(raw)
    except ManifestError as error:
        raise EditRefused(str(error)) from error
    if waiting:
        raise EditRefused(f"{file}, row {waiting[-1][0]}: the file ends before it.")


def is_what_becomes(new: Path, pieces: Iterator[bytes]) -> bool:
    """Return whether a file holds exactly these pieces."""
    with new.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)


def _record(file: str, number: int, raw: memoryview) -> dict[str, Any]:
    return {ID: f"{file}#{number}", FIELD: str(raw, "utf-8", "replace")}


def _pieces(path: Path, file: str) -> Iterator[tuple[int, memoryview]]:
    """Yield the bytes of each record; together they are the file."""
    number = 0
    shard = Shard(path, file, Format.TEXT, 0, path.stat().st_size)
    try:
        for batch in batches(shard, Schema(), lambda _lines: ()):
            column = batch.columns[0]
            for index in range(len(column)):
                yield number, column.encoded(index)
                number += 1
    except (ReadError, OSError) as error:
        raise ManifestError(f"{path} cannot be read to its end.") from error
