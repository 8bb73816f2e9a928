"""Reads plain text. A file is a document, cut into records of bounded length.

Record `n` begins after the first empty line at or behind the byte `n * TEXT_RECORD`; if the next
TEXT_RECORD bytes hold none, after the first line; if not even that, right there. So where a record
begins does not depend on what comes before it, and its id, `file#n`, stays.
"""

from collections.abc import Iterator
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
from workflows.corpus.formats.protocol import (
    DOCUMENT_ID,
    DOCUMENT_TEXT,
    Placed,
    Rows,
    Shard,
    Source,
)
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


def text_records(path: Path, file: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records of a document with their numbers. Raises ManifestError."""
    for number, raw in _pieces(path, file):
        yield number, _record(file, number, raw)


def rewrite(source: Path, file: str, rows: Rows, wording: Replacements) -> Iterator[bytes]:
    """Yield what the entries of `rows` (in order) make of a document, piece by piece.

    Raises Refused if a record is not as its entries say.
    """
    waiting = list(reversed(rows))
    try:
        for number, raw in _pieces(source, file):
            if waiting and waiting[-1][0] == number:
                record = _record(file, number, raw)
                edits = verified_edits(record, DOCUMENT_ID, waiting.pop()[1], wording)
                text = (
                    ""
                    if edits is None
                    else apply_edits(record[DOCUMENT_TEXT], edits[DOCUMENT_TEXT])
                )
                yield text.encode("utf-8", "surrogatepass")
            else:
                yield bytes(raw)
    except ManifestError as error:
        raise EditRefused(str(error)) from error
    if waiting:
        raise EditRefused(f"{file}, row {waiting[-1][0]}: the file ends before it.")


def _record(file: str, number: int, raw: memoryview) -> dict[str, Any]:
    return {DOCUMENT_ID: f"{file}#{number}", DOCUMENT_TEXT: str(raw, "utf-8", "replace")}


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

    def records(self, source: Source, schema: Schema) -> Iterator[Placed]:  # noqa: ARG002
        """Yield the records, whose numbers are their positions, too. Raises ManifestError."""
        return ((row, row, one) for row, one in text_records(source.path, source.file))

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

    def is_rewritten(self, source: Source, new: Path, rows: Rows, wording: Replacements) -> bool:
        """Compare piece by piece."""
        pieces = rewrite(source.path, source.file, rows, wording)
        with new.open("rb") as file:
            return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)
