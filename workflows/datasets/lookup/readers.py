"""Reads the records of a shard, in memory that does not depend on the size of the file.

JSONL is searched as it stands, and only the lines in which something may be found are parsed; the
texts of Parquet are searched where they lie. Either way, out come columns of texts.
"""

import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import orjson
import zstandard

from workflows.datasets.lookup.hits import RecordId
from workflows.datasets.lookup.scan import Column
from workflows.datasets.lookup.shards import Format, ReadError, Shard

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 4 * 1024 * 1024
# A longer line is not a record: without a bound, a broken file could take all memory.
MAX_RECORD = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Schema:
    """The names of the field that identifies a record and of those that hold text."""

    id_field: str = "id"
    text_fields: tuple[str, ...] = ("text",)


@dataclass(slots=True)
class Figures:
    """What was read: bytes of decompressed JSONL or of Parquet texts; lines that are no record."""

    bytes: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records: their ids by index, and a column for each text field that they have."""

    columns: Sequence[Column]
    record_id: Callable[[int], RecordId]
    figures: Figures = field(default_factory=Figures)


# Positions in raw lines at which an identifier may stand, in any order.
Filter = Callable[[memoryview], Iterable[int]]


def batches(shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:
    """Yield the records of a shard; of JSONL, only those lines to which `where` points.

    Raises ReadError if the file breaks off, or if it plainly has no such text fields.
    """
    if shard.format is Format.PARQUET:
        yield from _parquet_batches(shard, schema)
        return
    for number, chunk in enumerate(_chunks(shard)):
        if number == 0 and shard.start == 0:
            _check_first_record(chunk, shard, schema)
        yield _parse(chunk, schema, where)


# --- JSONL ----------------------------------------------------------------------------------------


def _chunks(shard: Shard) -> Iterator[bytes]:
    """Yield whole lines of a shard, some megabytes at a time."""
    with shard.path.open("rb") as file:
        try:
            if shard.format is Format.JSONL:
                yield from _whole_lines(file, shard, _first_line(file, shard))
            elif shard.format is Format.JSONL_GZIP:
                yield from _whole_lines(gzip.GzipFile(fileobj=file), shard)
            else:
                frames = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
                yield from _whole_lines(io.BufferedReader(frames, _CHUNK), shard)
        except (OSError, EOFError, zstandard.ZstdError) as error:
            raise ReadError(f"{shard.file} cannot be read to its end.") from error


def _first_line(file: BinaryIO, shard: Shard) -> int:
    """Go to the first line that begins in the shard, and return where that is."""
    if shard.start == 0:
        return 0
    file.seek(shard.start - 1)
    return shard.start - 1 + len(_rest_of_line(file, shard))


def _whole_lines(
    file: BinaryIO | gzip.GzipFile | io.BufferedReader, shard: Shard, position: int = 0
) -> Iterator[bytes]:
    """Yield the lines from `position` on; of plain JSONL those that begin within the shard."""
    bounded = shard.format is Format.JSONL
    while not bounded or position < shard.stop:
        chunk = file.read(min(_CHUNK, shard.stop - position) if bounded else _CHUNK)
        if not chunk:
            return
        if not chunk.endswith(b"\n"):
            chunk += _rest_of_line(file, shard)
        position += len(chunk)
        yield chunk


def _rest_of_line(file: BinaryIO | gzip.GzipFile | io.BufferedReader, shard: Shard) -> bytes:
    rest = file.readline(MAX_RECORD)
    if len(rest) == MAX_RECORD:
        raise ReadError(f"{shard.file} has a record of more than {MAX_RECORD} bytes.")
    return rest


def _check_first_record(chunk: bytes, shard: Shard, schema: Schema) -> None:
    """Refuse a file whose first record has none of the fields: a mistyped name finds nothing."""
    record = parse_record(chunk.partition(b"\n")[0])
    if record is not None and not set(schema.text_fields) & record.keys():
        raise ReadError(f"{shard.file} has no field {', '.join(schema.text_fields)}.")


def _parse(chunk: bytes, schema: Schema, where: Filter) -> Batch:
    figures = Figures(bytes=len(chunk))
    records = []
    end = -1
    for position in sorted(where(memoryview(chunk))):
        if position < end:
            continue
        start = chunk.rfind(b"\n", 0, position) + 1
        end = chunk.find(b"\n", position)
        end = len(chunk) if end < 0 else end
        record = parse_record(chunk[start:end])
        if record is None:
            figures.unreadable += 1
        else:
            records.append(record)
    columns = []
    for name in schema.text_fields:
        texts = [record.get(name) for record in records]
        columns.append(
            Column.of_texts(name, [text if isinstance(text, str) else "" for text in texts])
        )
    return Batch(columns, lambda index: records[index].get(schema.id_field), figures)


def parse_record(line: bytes) -> dict[str, Any] | None:
    """Return the object in a line of JSONL, or None where there is none."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        # The strict parser refuses lone surrogates and broken UTF-8; crawled text has them.
        try:
            record = json.loads(line.decode("utf-8-sig", "replace"))
        except ValueError:
            return None
    return record if isinstance(record, dict) else None


# --- Parquet --------------------------------------------------------------------------------------


def _parquet_batches(shard: Shard, schema: Schema) -> Iterator[Batch]:
    import pyarrow as pa
    from pyarrow import parquet

    names = [schema.id_field, *schema.text_fields]
    with parquet.ParquetFile(shard.path, pre_buffer=False) as file:
        missing = [name for name in names if name not in file.schema_arrow.names]
        if missing:
            raise ReadError(f"{shard.file} has no column {', '.join(missing)}.")
        group = file.metadata.row_group(shard.start)
        rows = max(1, group.num_rows * _CHUNK // max(group.total_byte_size, 1))
        try:
            for batch in file.iter_batches(
                batch_size=rows, row_groups=[shard.start], columns=names, use_threads=False
            ):
                columns = [_column(batch.column(name), name, shard) for name in schema.text_fields]
                figures = Figures(bytes=sum(len(column.data) for column in columns))
                yield Batch(columns, _ids(batch.column(schema.id_field)), figures)
        except (pa.ArrowException, OSError) as error:
            raise ReadError(f"{shard.file} cannot be read to its end.") from error


def _ids(ids: "pa.Array[Any]") -> Callable[[int], RecordId]:
    def record_id(index: int) -> RecordId:
        value = ids[index].as_py()
        return value if isinstance(value, str | int | None) else str(value)

    return record_id


def _column(array: "pa.Array[Any]", name: str, shard: Shard) -> Column:
    """Return an Arrow array of texts as a column, without copying the texts."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string(array.type) or pa.types.is_string_view(array.type):
        array = array.cast(pa.large_string())
    if not pa.types.is_large_string(array.type):
        raise ReadError(f"Column {name} of {shard.file} is not text.")
    _validity, offsets_buffer, data = array.buffers()
    if not len(array) or data is None:
        return Column(name, memoryview(b""), np.zeros(len(array) + 1, np.int64))
    assert offsets_buffer is not None
    offsets = np.frombuffer(offsets_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    return Column(name, memoryview(data)[first:last], offsets - first)
