"""Reads Parquet: the columns of texts, where Arrow put them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workflows.corpus.columns import CHUNK, SEPARATOR, Batch, Column, Filter
from workflows.corpus.entries import (
    EditRefused,
    ManifestEntry,
    ManifestError,
    Replacements,
    apply_edits,
    verified_edits,
)
from workflows.corpus.formats.files import UNREADABLE, prefetch
from workflows.corpus.formats.protocol import Placed, Rows, Shard, Source
from workflows.corpus.values import (
    FORMATS,
    ReadError,
    ReadProblem,
    ReadStats,
    RecordId,
    Schema,
    as_record_id,
    no_source,
)

if TYPE_CHECKING:
    import pyarrow as pa


def parquet_batches(shard: Shard, schema: Schema) -> Iterator[Batch]:
    """Yield the records of one row group. Raises ReadError."""
    import pyarrow as pa
    from pyarrow import parquet

    names = list(filter(None, [schema.id_field, *schema.text_fields, schema.source_field]))
    try:
        with parquet.ParquetFile(shard.path, pre_buffer=False) as file:
            _check_columns(file.schema_arrow.names, names, shard)
            group = file.metadata.row_group(shard.start)
            first = sum(file.metadata.row_group(n).num_rows for n in range(shard.start))
            for batch in file.iter_batches(
                batch_size=rows_at_once(group, CHUNK),
                row_groups=[shard.start],
                columns=names,
                use_threads=False,
            ):
                columns = [_column(batch.column(name), name, shard) for name in schema.text_fields]
                figures = ReadStats(sum(column.size for column in columns), batch.num_rows)
                ids = batch.column(schema.id_field) if schema.id_field else None
                sources = batch.column(schema.source_field) if schema.source_field else None
                yield Batch(columns, _ids(ids), figures, _sources(sources), _counted_from(first))
                first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise ReadError(
            f"{shard.file} cannot be read to its end.", ReadProblem.BROKEN, shard.file
        ) from error


def rows_at_once(group: Any, size: int) -> int:
    """Return how many rows of a row group have about so many bytes, at least one."""
    columns = map(group.column, range(group.num_columns))
    # Some writers leave the size of the whole at 0, or those of the columns, too.
    total = group.total_byte_size or sum(column.total_uncompressed_size for column in columns)
    rows: int = group.num_rows
    return max(1, min(rows, rows * size // max(int(total), 1)))


def _check_columns(found: Sequence[str], names: Sequence[str], shard: Shard) -> None:
    missing = [name for name in names if found.count(name) != 1]
    if missing:
        raise ReadError(
            f"{shard.file} has no column {', '.join(missing)}, or several of this name.",
            ReadProblem.NO_FIELD,
            ", ".join(missing),
        )


def _ids(ids: "pa.Array[Any] | None") -> Callable[[int], RecordId]:
    def record_id(index: int) -> RecordId:
        if ids is None:
            return None
        return as_record_id(value_of(ids[index]))

    return record_id


def _counted_from(first: int) -> Callable[[int], int]:
    return lambda index: first + index


def _sources(sources: "pa.Array[Any] | None") -> Callable[[int], str]:
    return no_source if sources is None else lambda index: str(value_of(sources[index]) or "")


def values_of(values: Any) -> list[Any]:
    """Return the values of an Arrow array, each as `value_of` does."""
    try:
        found: list[Any] = values.to_pylist()
    except (ValueError, OverflowError):
        return [value_of(value) for value in values]
    return found


def value_of(scalar: Any) -> Any:
    """Return an Arrow value in Python, broken UTF-8 as the look-up reads it: see `Column.text`.

    What Python has no value for, such as a day in a million years, is written out.
    """
    import pyarrow as pa

    try:
        return scalar.as_py()
    except (ValueError, OverflowError):  # broken UTF-8 is a ValueError
        if isinstance(scalar, pa.StringScalar):
            return str(scalar.as_buffer(), "utf-8", "replace")
        if isinstance(scalar, pa.DictionaryScalar | pa.ExtensionScalar):
            return value_of(scalar.value)
        if isinstance(scalar, pa.StructScalar):
            return {field.name: value_of(scalar[at]) for at, field in enumerate(scalar.type)}
        if pa.types.is_nested(scalar.type):  # the other ones are lists
            return values_of(scalar.values)
        return scalar.cast(pa.string()).as_py()


def _column(array: "pa.Array[Any]", name: str, shard: Shard) -> Column:
    """Return an Arrow array of texts as a column."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not (
        pa.types.is_null(array.type)  # no record has a text
        or pa.types.is_string(array.type)
        or pa.types.is_string_view(array.type)
        or pa.types.is_large_string(array.type)
    ):
        raise ReadError(f"Column {name} of {shard.file} is not text.", ReadProblem.NOT_TEXT, name)
    if not len(array):
        return Column.of_encoded(name, [])
    separated = compute.binary_join_element_wise(
        array.cast(pa.large_string()).cast(pa.large_binary()),
        *(pa.scalar(ending, pa.large_binary()) for ending in (b"", SEPARATOR)),
        null_handling="replace",
    )
    _validity, offsets, data = separated.buffers()
    assert offsets is not None
    return Column(name, memoryview(data), np.frombuffer(offsets, np.int64)[: len(array) + 1])


# A row group larger than this is read, and written, in pieces.
_PIECE = 64 * 1024 * 1024


def rewrite(source: Path, target: Path, rows: Rows, wording: Replacements, id_field: str) -> None:
    """Copy a Parquet file, the rows of `rows` (in order) changed or left out.

    Raises Refused, naming the row, if a row is not as its entries say.
    """
    import pyarrow as pa
    from pyarrow import parquet

    waiting = list(reversed(rows))
    with parquet.ParquetFile(source, pre_buffer=False) as file:
        options = _options(file.metadata)
        with (
            prefetch(_pieces(file)) as pieces,
            parquet.ParquetWriter(target, file.schema_arrow, **options) as writer,
        ):
            first = 0
            for batch in pieces:
                touched = []
                while waiting and waiting[-1][0] < first + batch.num_rows:
                    touched.append(waiting.pop())
                table = pa.Table.from_batches([batch])
                if touched:
                    table = _changed(table, first, touched, wording, id_field)
                if table.num_rows:
                    writer.write_table(table, row_group_size=table.num_rows)
                first += batch.num_rows
    if waiting:
        name, row = waiting[-1][1][0].place
        raise EditRefused(f"{name}, row {row}: the file ends before it.")


def _pieces(file: Any) -> Iterator[Any]:
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        if group.num_rows:
            rows = rows_at_once(group, _PIECE)
            yield from file.iter_batches(batch_size=rows, row_groups=[number], use_threads=False)


def _options(metadata: Any) -> dict[str, Any]:
    """Return how the columns of the first row group were written."""
    if not metadata.num_row_groups:
        return {}
    group = metadata.row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    return {
        "compression": {
            column.path_in_schema: "NONE"
            if column.compression == "UNCOMPRESSED"
            else column.compression
            for column in columns
        },
        "use_dictionary": [
            column.path_in_schema for column in columns if column.has_dictionary_page
        ],
        "version": metadata.format_version,
    }


def _changed(
    table: Any,
    first: int,
    touched: Sequence[tuple[int, Sequence[ManifestEntry]]],
    wording: Replacements,
    id_field: str,
) -> Any:
    import pyarrow as pa

    columns = set(table.column_names)
    gone: set[int] = set()
    texts: dict[str, dict[int, str]] = {}
    for row, entries in touched:
        index = row - first
        names = columns & {id_field, *(entry.field for entry in entries)}
        record = {name: value_of(table.column(name)[index]) for name in names}
        edits = verified_edits(record, id_field, entries, wording)
        if edits is None:
            gone.add(index)
            continue
        for field, of_field in edits.items():
            texts.setdefault(field, {})[index] = apply_edits(record[field], of_field)
    for field, changed in texts.items():
        position = table.column_names.index(field)
        values = _exchanged(table.column(position).combine_chunks(), changed)
        table = table.set_column(position, table.schema.field(position), values)
    if gone:
        table = table.filter(pa.array([index not in gone for index in range(table.num_rows)]))
    return table


def _exchanged(column: Any, texts: Mapping[int, str]) -> Any:
    """Return a column in which the texts at some rows are exchanged, and all others as they were.

    Nowhere is one decoded: they may be broken UTF-8. Raises Refused where that cannot be done.
    """
    import pyarrow as pa
    from pyarrow import compute

    try:
        new = pa.array([texts[row] for row in sorted(texts)], pa.large_string())
    except UnicodeEncodeError as error:
        raise EditRefused("A text that is put in cannot be written in UTF-8.") from error
    if pa.types.is_dictionary(column.type):
        new = new.cast(column.type.value_type).dictionary_encode().cast(column.type)
        rows = np.arange(len(column))
        rows[sorted(texts)] = len(column) + np.arange(len(new))
        return pa.concat_arrays([column, new]).take(pa.array(rows))
    if not (
        pa.types.is_string(column.type)
        or pa.types.is_large_string(column.type)
        or pa.types.is_string_view(column.type)
    ):
        raise EditRefused(f"Manifests change no text in a column of {column.type}.")
    mask = np.zeros(len(column), np.bool_)
    mask[list(texts)] = True
    # Nothing puts a text into a view of others.
    plain = column.cast(pa.large_string()) if pa.types.is_string_view(column.type) else column
    return compute.replace_with_mask(plain, mask, new.cast(plain.type)).cast(column.type)


# Records that are turned into Python's values at a time.
_ROWS = 1000


class ParquetFormat:
    """Parquet. A shard is the row group `start`."""

    traits = FORMATS["parquet"]

    def shards(self, source: Source, shard_bytes: int) -> Iterator[Shard]:  # noqa: ARG002
        """Yield the row groups, as large as whoever wrote them made them. Raises ReadError."""
        for group in range(_row_groups(source)):
            yield Shard(source.path, source.file, self.traits.name, group)

    def batches(self, shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:  # noqa: ARG002
        """Yield all records of a row group. Raises ReadError."""
        return parquet_batches(shard, schema)

    def records(self, source: Source, schema: Schema) -> Iterator[Placed]:  # noqa: ARG002
        """Yield the records. Raises ManifestError."""
        return _placed(source.path)

    def rewrite(
        self, source: Source, target: Path, rows: Rows, wording: Replacements, id_field: str
    ) -> None:
        """Copy the columns, with the texts of some rows exchanged."""
        from pyarrow import ArrowException

        try:
            rewrite(source.path, target, rows, wording, id_field)
        except ArrowException as error:
            raise EditRefused(f"{source.path} cannot be copied: {error}") from error


def _row_groups(source: Source) -> int:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        return int(read_metadata(source.path).num_row_groups)
    except (ArrowException, OSError) as error:
        raise ReadError(
            f"{source.path} is not a Parquet file.", ReadProblem.BROKEN, source.path.name
        ) from error


def _placed(path: Path) -> Iterator[Placed]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    row = 0
    try:
        with ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                columns = map(values_of, batch.columns)
                for values in zip(*columns, strict=True):
                    record = dict(zip(batch.schema.names, values, strict=True))
                    yield row, row, record
                    row += 1
    except (ArrowException, *UNREADABLE) as error:
        raise ManifestError(f"{path} cannot be read to its end.") from error
