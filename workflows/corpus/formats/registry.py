"""Reads the records of a shard, in memory that does not depend on the size of the file.

JSONL is searched as it stands, and only the lines in which something may be found are parsed; the
texts of Parquet and plain text are searched where they lie. Either way, out come columns of texts.
"""

from collections.abc import Iterator

from workflows.corpus.columns import Batch, Filter
from workflows.corpus.formats.jsonl import jsonl_batches
from workflows.corpus.formats.parquet import parquet_batches
from workflows.corpus.formats.plain_text import text_batches
from workflows.corpus.formats.shards import Shard
from workflows.corpus.formats.sql_table import table_batches
from workflows.corpus.values import Format, Schema


def read_batches(shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:
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
