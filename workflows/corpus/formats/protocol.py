"""What a format is to the engine: one class, which alone knows how its data are stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from workflows.corpus.columns import Batch, Filter
from workflows.corpus.entries import ManifestEntry, Replacements
from workflows.corpus.values import FormatTraits, Schema


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or one table. `file` is its name in the dataset, as it stands in hits.

    A table has no path; `database` is where it lies.
    """

    path: Path
    file: str
    database: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of a file or table that one process reads from beginning to end.

    What `start` and `stop` count, the format says.
    """

    path: Path
    file: str
    format: str
    start: int = 0
    stop: int = 0
    database: str = field(default="", repr=False)


# Bytes of a file or table that make one shard, where it can be entered in the middle.
SHARD_BYTES = 32 * 1024 * 1024
# The field in which a record of a document has its id, `file#n`, and that of its text.
DOCUMENT_ID, DOCUMENT_TEXT = "id", "text"

# The row of a record, its position in its file as in `columns.Batch`, and the record.
Placed: TypeAlias = tuple[int, int | None, Mapping[str, Any]]
# The rows of a file that are changed, in order, with the entries of each.
Rows: TypeAlias = Sequence[tuple[int, Sequence[ManifestEntry]]]


class Format(Protocol):
    """How a kind of data is stored. `registry.FORMATS` holds one of each."""

    @property
    def traits(self) -> FormatTraits:
        """What there is to know of it without reading any data."""

    def shards(self, source: Source, shard_bytes: int) -> Iterator[Shard]:
        """Cut a file or table into pieces of about so many bytes. Raises ReadError."""

    def batches(self, shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:
        """Yield the records of a shard as columns of texts. Raises ReadError.

        A format that is searched as it stands yields only those to which `where` points.
        """

    def records(self, source: Source, schema: Schema) -> Iterator[Placed]:
        """Yield all records. Raises ManifestError, ReadError."""

    def rewrite(
        self, source: Source, target: Path, rows: Rows, wording: Replacements, id_field: str
    ) -> None:
        """Write a changed copy of a file; what is not changed stays to the byte where it can.

        Raises EditRefused if a record is not as its entries say, or if no copy can be made here.
        """


class DocumentFormat(Format, Protocol):
    """A format of which a file is one document, cut into records."""

    def is_rewritten(self, source: Source, new: Path, rows: Rows, wording: Replacements) -> bool:
        """Return whether a file is, to the byte, what `rewrite` makes of another.

        Raises EditRefused if a record of `source` is not as its entries say.
        """
