"""The re-scan: looks in the files of a new snapshot for what a manifest was to take out of it.

It asks two things. Does any record still stand as it stood before, or is a corrected one missing?
And are persons still found, in the records that were changed or, by a strong hit, elsewhere?
"""

import enum
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from workflows.corrections.manifests.edits import Wording
from workflows.corrections.manifests.entries import Entry, ManifestError, Op, digest
from workflows.corrections.manifests.files import snapshot_files
from workflows.corrections.manifests.ledger import in_order
from workflows.corrections.manifests.plain_text import (
    ENDING,
    is_what_becomes,
    rewritten,
)
from workflows.corrections.manifests.resolve import Located, records
from workflows.corrections.manifests.table import Table
from workflows.datasets.lookup.hits import Hit, RecordId, Strength
from workflows.datasets.lookup.locate import locate
from workflows.datasets.lookup.patterns import Patterns
from workflows.datasets.lookup.persons import Kind
from workflows.datasets.lookup.readers import Schema
from workflows.datasets.lookup.records import as_record_id
from workflows.datasets.lookup.shards import (
    RECORD_FORMATS,
    Format,
    Problem,
    ReadError,
    Shard,
    dataset_files,
    format_of,
    shards,
)


class Why(enum.StrEnum):
    """What is wrong at a place."""

    UNCHANGED = "unchanged"
    NOT_CORRECTED = "not_corrected"
    DIFFERENT = "different"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class Before:
    """The old snapshot and the texts that replace others: what plain text is compared with."""

    snapshot: Path
    wording: Wording


@dataclass(frozen=True, slots=True)
class Left:
    """A place in the new snapshot where something is left, or where a correction is missing.

    `kind`, `start` and `end` are those of the hit, where a person is still found.
    """

    why: Why
    file: str
    id: RecordId
    field: str
    kind: str = ""
    ref: str | int = ""
    start: int | None = None
    end: int | None = None


# How many hits of a kind of a person may stand in a record: those that were judged to be another's.
Allowed: TypeAlias = Counter[tuple[str | int, str, Kind]]


def allowed(hits: Iterable[Hit]) -> Allowed:
    """Count the hits that may stay."""
    return Counter((hit.ref, str(hit.id), hit.kind) for hit in hits)


def rescan(
    entries: Iterable[Entry],
    snapshot: Path,
    schema: Schema,
    patterns: Patterns | None = None,
    may_stay: Allowed | None = None,
    *,
    processes: int = 1,
    before: Before | None = None,
) -> Iterator[Left]:
    """Yield the places in the new snapshot where something is left.

    Without `patterns`, only the records that the manifest names are looked at. Plain text needs
    `before`. Raises ManifestError or ReadError if a snapshot cannot be read to its end.
    """
    changes = in_order(entry for entry in entries if entry.changes_data)
    if any(entry.file.endswith(ENDING) for entry in changes):
        if before is None:
            raise ManifestError("Plain text is compared with the old snapshot: name that, too.")
        yield from _text_left(changes, snapshot, before, patterns, may_stay, processes=processes)
        return
    yield from _as_before(changes, _records(snapshot) if changes else (), schema)
    if patterns is not None:
        pieces = _pieces(snapshot)
        yield from _still_found(changes, pieces, schema, patterns, may_stay, processes=processes)


def rescan_table(
    entries: Iterable[Entry], table: Table, patterns: Patterns | None, may_stay: Allowed
) -> Iterator[Left]:
    """Yield the places in a changed table where something is left.

    Raises ManifestError or ReadError if the table cannot be read to its end.
    """
    changes = [entry for entry in entries if entry.changes_data]
    located = table.located({str(entry.id) for entry in changes})
    yield from _as_before(changes, located, table.schema)
    if patterns is not None:
        pieces = table.shards()
        yield from _still_found(changes, pieces, table.schema, patterns, may_stay, processes=1)


def _pieces(snapshot: Path) -> list[Shard]:
    """Return the shards of a new snapshot, from which all records may have been deleted."""
    try:
        return shards(snapshot)
    except ReadError as error:
        if error.problem is Problem.EMPTY and dataset_files(snapshot, RECORD_FORMATS):
            return []
        raise


def _records(snapshot: Path) -> Iterator[Located]:
    if not dataset_files(snapshot, RECORD_FORMATS):
        raise ManifestError(f"{snapshot} holds no file of records.")
    for file, path in snapshot_files(snapshot).items():
        known = format_of(path)
        for row, record in records(path, known) if known else ():
            yield file, row, record


def _text_left(
    changes: Sequence[Entry],
    snapshot: Path,
    before: Before,
    patterns: Patterns | None,
    may_stay: Allowed | None,
    *,
    processes: int,
) -> Iterator[Left]:
    """Yield the documents that are not what the manifest makes of them, and strong hits left.

    A weak hit says nothing in a stretch of some pages, and where records begin has changed: hits
    that may stay are counted for the whole snapshot.
    """
    old, new = snapshot_files(before.snapshot), snapshot_files(snapshot)
    alone = snapshot.is_file() and next(iter(new))
    for file, group in itertools.groupby(changes, attrgetter("file")):
        entries = list(group)
        rows = [
            (row, list(of_row)) for row, of_row in itertools.groupby(entries, attrgetter("row"))
        ]
        became = new.get(alone or file)
        if file not in old:
            raise ManifestError(f"{file}: the old snapshot has no such file.")
        pieces = rewritten(old[file], file, rows, before.wording)
        if became is None or not is_what_becomes(became, pieces):
            yield Left(Why.DIFFERENT, file, entries[0].id, entries[0].field)
    if patterns is None:
        return
    stay: Counter[tuple[str | int, Kind]] = Counter()
    for (ref, _record, kind), number in (may_stay or {}).items():
        stay[ref, kind] += number
    for result in locate(
        shards(snapshot, formats={Format.TEXT}), patterns, Schema(), processes=processes
    ):
        for hit in result.hits:
            if hit.strength is Strength.WEAK:
                continue
            if stay[hit.ref, hit.kind] > 0:
                stay[hit.ref, hit.kind] -= 1
                continue
            yield Left(
                Why.FOUND, hit.file, hit.id, hit.field, hit.kind, hit.ref, hit.start, hit.end
            )


def _as_before(
    changes: Sequence[Entry], located: Iterable[Located], schema: Schema
) -> Iterator[Left]:
    by_id: dict[str, list[Entry]] = defaultdict(list)
    for entry in changes:
        by_id[str(entry.id)].append(entry)
    corrected = {_after(entry): entry for entry in changes if entry.op is Op.REPLACE}
    seen = named = False
    for file, _row, record in located:
        seen, named = True, named or schema.id_field in record
        of_record = by_id.get(str(as_record_id(record.get(schema.id_field))), [])
        digests = {
            field: digest(record[field])
            for field in {entry.field for entry in of_record}
            if isinstance(record.get(field), str)
        }
        for entry in of_record:
            if digests.get(entry.field) == entry.sha256_after:
                corrected.pop(_after(entry), None)
        for field, text_digest in digests.items():
            if any(_is_unchanged(entry, field, text_digest) for entry in of_record):
                yield Left(Why.UNCHANGED, file, of_record[0].id, field)
    if seen and not named and any(entry.id is not None for entry in changes):
        raise ManifestError(f"No record has a field {schema.id_field}; the manifest names ids.")
    for entry in corrected.values():
        yield Left(Why.NOT_CORRECTED, entry.file, entry.id, entry.field)


def _is_unchanged(entry: Entry, field: str, found: str) -> bool:
    return entry.field == field and entry.sha256_before == found != entry.sha256_after


def _after(entry: Entry) -> tuple[str, str, str]:
    return str(entry.id), entry.field, entry.sha256_after


def _still_found(
    changes: Sequence[Entry],
    pieces: Iterable[Shard],
    schema: Schema,
    patterns: Patterns,
    may_stay: Allowed | None,
    *,
    processes: int,
) -> Iterator[Left]:
    # In a record that was corrected only, the person stands on purpose.
    emptied = {str(entry.id) for entry in changes if entry.op is not Op.REPLACE}
    corrected = {str(entry.id) for entry in changes} - emptied
    stay = Counter(may_stay or {})
    for result in locate(pieces, patterns, schema, processes=processes):
        for hit in result.hits:
            record = str(hit.id)
            if record in corrected or (record not in emptied and hit.strength is Strength.WEAK):
                continue
            if stay[hit.ref, record, hit.kind] > 0:
                stay[hit.ref, record, hit.kind] -= 1
                continue
            yield Left(
                Why.FOUND, hit.file, hit.id, hit.field, hit.kind, hit.ref, hit.start, hit.end
            )
