"""Records of a shard as the look-up takes them: columns of texts, and the id of each record."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflows.datasets.lookup.hits import RecordId
from workflows.datasets.lookup.patterns import Candidate
from workflows.datasets.lookup.scan import Column

# Bytes of texts that are handed on at a time.
CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Schema:
    """The names of the field that identifies a record and of those that hold text.

    `source_field` says where a record comes from, and is empty where no field does.
    """

    id_field: str = "id"
    text_fields: tuple[str, ...] = ("text",)
    source_field: str = ""


def as_record_id(value: Any) -> RecordId:
    """Return an id as it stands in hits and manifests: a text, a whole number, or nothing."""
    try:
        return value if type(value) in (str, int, type(None)) else str(value)
    except RecursionError:  # lists in lists, more than can be written out
        return None


def text_sha256(text: str) -> str:
    """Return SHA-256 of a text as the look-up reads it, where a lone surrogate is a question mark.

    In hexadecimal; of all other texts it is the digest that manifests use.
    """
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def no_source(_index: int) -> str:
    """Return nothing: the records do not say where they come from."""
    return ""


def no_position(_index: int) -> None:
    """Return nothing: the records have no place of their own, as the rows of a table."""


@dataclass(slots=True)
class Figures:
    """What was read: records; bytes of decompressed JSONL, or of texts; lines that cannot be read.

    Those are no records, or have something else where a text should be; of the lines that are not
    asked for, none counts. Empty lines count as records.
    """

    bytes: int = 0
    rows: int = 0
    unreadable: int = 0

    def add(self, other: "Figures") -> None:
        """Add what was read elsewhere."""
        self.bytes += other.bytes
        self.rows += other.rows
        self.unreadable += other.unreadable


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records: their ids by index, and a column for each text field that they have.

    `position` tells where in its file each begins, so that no two of a file have the same: in JSONL
    the byte of its line, unpacked; in Parquet and plain text its number, from 0.
    """

    columns: Sequence[Column]
    record_id: Callable[[int], RecordId]
    figures: Figures = field(default_factory=Figures)
    source: Callable[[int], str] = no_source
    position: Callable[[int], int | None] = no_position


# Places in raw lines at which an identifier may stand, in any order.
Filter = Callable[[memoryview], Iterable[Candidate]]


def every_line(lines: memoryview) -> Iterator[Candidate]:
    """Point to each line that is not empty, as a Filter: all records are asked for."""
    for line in re.finditer(rb"[^\n]+", lines):
        yield Candidate(*line.span(), ())
