"""Reads the records of a shard, in memory that does not depend on the size of the file.

JSONL is searched as it stands, and only the lines in which something may be found are parsed; the
texts of Parquet and plain text are searched where they lie. Either way, out come columns of texts.
"""

from collections.abc import Iterator

from workflows.datasets.lookup.jsonl_reader import MAX_RECORD, jsonl_batches, parse_record
from workflows.datasets.lookup.parquet_reader import parquet_batches
from workflows.datasets.lookup.records import Batch, Figures, Filter, Schema
from workflows.datasets.lookup.shards import Format, Shard
from workflows.datasets.lookup.table_reader import table_batches
from workflows.datasets.lookup.text_reader import text_batches

__all__ = ["MAX_RECORD", "Batch", "Figures", "Filter", "Schema", "batches", "parse_record"]


def batches(shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:
    """Yield the records of a shard; of JSONL, only those lines to which `where` points.

    Raises ReadError if the shard breaks off, or if it plainly has no such text fields.
    """
    match shard.format:
        case Format.PARQUET:
            return parquet_batches(shard, schema)
        case Format.TEXT:
            return text_batches(shard)
        case Format.TABLE:
            return table_batches(shard, schema)
    return jsonl_batches(shard, schema, where)
