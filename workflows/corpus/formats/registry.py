"""The formats by their names. A new one is a class here and its traits in `corpus.values`."""

from collections.abc import Iterator
from pathlib import Path

from workflows.corpus.columns import Batch, Filter
from workflows.corpus.formats.jsonl import JsonlFormat
from workflows.corpus.formats.parquet import ParquetFormat
from workflows.corpus.formats.plain_text import PlainTextFormat
from workflows.corpus.formats.protocol import DocumentFormat, Format, Shard
from workflows.corpus.formats.sql_table import SqlTableFormat
from workflows.corpus.values import Schema, traits_of

_DOCUMENTS: tuple[DocumentFormat, ...] = (PlainTextFormat(),)
_ALL: tuple[Format, ...] = (JsonlFormat(), ParquetFormat(), *_DOCUMENTS, SqlTableFormat())
DOCUMENT_FORMATS = {known.traits.name: known for known in _DOCUMENTS}
FORMATS = {known.traits.name: known for known in _ALL}


def format_of(path: str | Path) -> Format | None:
    """Return the format of a file, by its name, or None for one that is no data."""
    traits = traits_of(path)
    return FORMATS[traits.name] if traits else None


def document_format_of(path: str | Path) -> DocumentFormat | None:
    """Return the format of a document, by its name; None for a file that is none."""
    traits = traits_of(path)
    return DOCUMENT_FORMATS[traits.name] if traits and traits.holds_documents else None


def record_format_of(path: str | Path) -> Format | None:
    """Return the format of a file of records, by its name; None also for a document."""
    known = format_of(path)
    return None if known is None or known.traits.holds_documents else known


def read_batches(shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:
    """Yield the records of a shard, in memory that does not depend on the size of the file.

    Of what is searched as it stands, only those to which `where` points. Raises ReadError if the
    shard breaks off, or if it plainly has no such text fields.
    """
    return FORMATS[shard.format].batches(shard, schema, where)
