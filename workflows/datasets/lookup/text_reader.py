"""Reads plain text. A file is a document, cut into records of bounded length.

Record `n` begins after the first empty line at or behind the byte `n * TEXT_RECORD`; if the next
TEXT_RECORD bytes hold none, after the first line; if not even that, right there. So where a record
begins does not depend on what comes before it, and its id, `file#n`, stays.
"""

from collections.abc import Iterator
from itertools import pairwise

from workflows.datasets.lookup.records import CHUNK, Batch, Figures
from workflows.datasets.lookup.scan import Column
from workflows.datasets.lookup.shards import TEXT_RECORD, Problem, ReadError, Shard
from workflows.datasets.lookup.stream_bytes import MOST_GOING_ON, goes_on

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
            f"{shard.file} cannot be read to its end.", Problem.BROKEN, shard.file
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
        Figures(column.size, len(records)),
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
        raise ReadError(f"{shard.file} is not UTF-8.", Problem.NOT_UTF8, shard.file) from error
