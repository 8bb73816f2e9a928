"""Writes a Parquet file anew with some rows changed or left out.

Parquet has no raw rows to copy: untouched values are read and written as they are, broken UTF-8
among them, with the schema, its metadata, the compression and the dictionaries of the columns that
they had. A text that is changed is read as the look-up reads it: a broken byte becomes U+FFFD.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workflows.corrections.manifests.edits import EditRefused, Wording, checked_edits, edited
from workflows.corrections.manifests.entries import Entry
from workflows.corrections.manifests.files import ahead
from workflows.corrections.manifests.jsonl import Rows
from workflows.datasets.lookup.parquet_reader import rows_at_once, value_of

# A row group larger than this is read, and written, in pieces.
_PIECE = 64 * 1024 * 1024


def rewrite(source: Path, target: Path, rows: Rows, wording: Wording, id_field: str) -> None:
    """Copy a Parquet file, the rows of `rows` (in order) changed or left out.

    Raises Refused, naming the row, if a row is not as its entries say.
    """
    import pyarrow as pa
    from pyarrow import parquet

    waiting = list(reversed(rows))
    with parquet.ParquetFile(source, pre_buffer=False) as file:
        options = _options(file.metadata)
        with (
            ahead(_pieces(file)) as pieces,
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
    touched: Sequence[tuple[int, Sequence[Entry]]],
    wording: Wording,
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
        edits = checked_edits(record, id_field, entries, wording)
        if edits is None:
            gone.add(index)
            continue
        for field, of_field in edits.items():
            texts.setdefault(field, {})[index] = edited(record[field], of_field)
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
