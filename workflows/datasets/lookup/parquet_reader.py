"""Reads Parquet: the columns of texts, where Arrow put them."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workflows.datasets.lookup.hits import RecordId
from workflows.datasets.lookup.records import CHUNK, Batch, Figures, Schema, as_record_id, no_source
from workflows.datasets.lookup.scan import SEPARATOR, Column
from workflows.datasets.lookup.shards import Problem, ReadError, Shard

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
                figures = Figures(sum(column.size for column in columns), batch.num_rows)
                ids = batch.column(schema.id_field) if schema.id_field else None
                sources = batch.column(schema.source_field) if schema.source_field else None
                yield Batch(columns, _ids(ids), figures, _sources(sources), _counted_from(first))
                first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise ReadError(
            f"{shard.file} cannot be read to its end.", Problem.BROKEN, shard.file
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
            Problem.NO_FIELD,
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
        raise ReadError(f"Column {name} of {shard.file} is not text.", Problem.NOT_TEXT, name)
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
