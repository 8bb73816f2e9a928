"""Reads plain text. A file is a document, cut into records of bounded length.

Record `n` begins after the first empty line at or behind the byte `n * TEXT_RECORD`; if the next
TEXT_RECORD bytes hold none, after the first line; if not even that, right there. So where a record
begins does not depend on what comes before it, and its id, `file#n`, stays.
"""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from workflows.corpus.columns import CHUNK, Batch, Column, Filter
from workflows.corpus.entries import (
    EditRefused,
    ManifestError,
    Replacements,
    apply_edits,
    verified_edits,
)
from workflows.corpus.formats.protocol import Placed, Rows, Shard, Source, of_ids
from workflows.corpus.normalize.characters import MOST_GOING_ON, goes_on
from workflows.corpus.values import FORMATS, ReadError, ReadProblem, ReadStats, Schema

# Bytes of plain text from which a new record begins.
TEXT_RECORD = 16 * 1024
_BREAKS = (b"\n\n", b"\n\r\n", b"\n")
_RECORDS_AT_ONCE = CHUNK // TEXT_RECORD


def text_batches(shard: Shard) -> Iterator[Batch]:
    """Yield the records that begin in the shard. Raises ReadError."""
    first, stop = shard.start // TEXT_RECORD, -(-shard.stop // TEXT_RECORD)
    try:
        with shard.path.open("rb") as file:
            for record in range(first, stop, _RECORDS_AT_ONCE):
                last = min(record + _RECORDS_AT_ONCE, stop)
                file.seek(record * TEXT_RECORD)
                # The last record ends somewhere within the one after it.
                data = file.read((last + 1 - record) * TEXT_RECORD)
                yield _batch(data, record, last, shard)
    except OSError as error:
        raise ReadError(
            f"{shard.file} cannot be read to its end.", ReadProblem.BROKEN, shard.file
        ) from error


def _batch(data: bytes, first: int, last: int, shard: Shard) -> Batch:
    begins = [_begin(data, number, first) for number in range(first, last + 1)]
    records = [memoryview(data)[begin:end] for begin, end in pairwise(begins)]
    if first == 0:
        _check_encoding(records[0], shard)
    column = Column.of_encoded("text", records)
    return Batch(
        [column],
        lambda index: f"{shard.file}#{first + index}",
        ReadStats(column.size, len(records)),
        position=lambda index: first + index,
    )


def _begin(data: bytes, record: int, first: int) -> int:
    """Return where a record begins, in `data`, which begins with the bytes of record `first`."""
    nominal = (record - first) * TEXT_RECORD
    if record == 0 or nominal >= len(data):
        return min(nominal, len(data))
    for mark in _BREAKS:
        place = data.find(mark, nominal, nominal + TEXT_RECORD)
        if place >= 0:
            return place + len(mark)
    # Behind the character that is cut there; of broken text, behind no more than can be one.
    for _byte in range(MOST_GOING_ON):
        if nominal < len(data) and goes_on(data[nominal]):
            nominal += 1
    return nominal


def _check_encoding(text: memoryview, shard: Shard) -> None:
    try:
        str(text, "utf-8")
    except UnicodeDecodeError as error:
        raise ReadError(f"{shard.file} is not UTF-8.", ReadProblem.NOT_UTF8, shard.file) from error


ID = "id"
FIELD = "text"
# A longer paragraph, or line, is no unit of meaning either.
LONGEST = 4000
_EMPTY_LINE = re.compile(r"\n[ \t\r]*\n")


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


def rewrite(source: Path, file: str, rows: Rows, wording: Replacements) -> Iterator[bytes]:
    """Yield what the entries of `rows` (in order) make of a document, piece by piece.

    Raises Refused if a record is not as its entries say.
    """
    waiting = list(reversed(rows))
    try:
        for number, raw in _pieces(source, file):
            if waiting and waiting[-1][0] == number:
                record = _record(file, number, raw)
                edits = verified_edits(record, ID, waiting.pop()[1], wording)
                text = "" if edits is None else apply_edits(record[FIELD], edits[FIELD])
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
    shard = Shard(path, file, PlainTextFormat.traits.name, 0, path.stat().st_size)
    try:
        for batch in text_batches(shard):
            column = batch.columns[0]
            for index in range(len(column)):
                yield number, column.encoded(index)
                number += 1
    except (ReadError, OSError) as error:
        raise ManifestError(f"{path} cannot be read to its end.") from error


class PlainTextFormat:
    """Plain text. A shard is the records that begin in the bytes `start` to before `stop`."""

    traits = FORMATS["text"]

    def shards(self, source: Source, shard_bytes: int) -> Iterator[Shard]:
        """Cut a file where records begin."""
        shard_bytes = max(shard_bytes // TEXT_RECORD, 1) * TEXT_RECORD
        size = source.path.stat().st_size
        for start in range(0, size, shard_bytes):
            stop = min(start + shard_bytes, size)
            yield Shard(source.path, source.file, self.traits.name, start, stop)

    def batches(self, shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:  # noqa: ARG002
        """Yield the records of a shard. Raises ReadError."""
        return text_batches(shard)

    def records(
        self, source: Source, schema: Schema, ids: Collection[str] | None = None
    ) -> Iterator[Placed]:
        """Yield the records, whose numbers are their positions, too. Raises ManifestError."""
        placed = (Placed(row, row, one) for row, one in text_records(source.path, source.file))
        return of_ids(placed, schema, ids)

    def rewrite(
        self,
        source: Source,
        target: Path,
        rows: Rows,
        wording: Replacements,
        id_field: str,  # noqa: ARG002
    ) -> None:
        """Copy a document with the texts of some records exchanged."""
        with target.open("wb") as out:
            out.writelines(rewrite(source.path, source.file, rows, wording))
