"""The re-scan: looks in the files of a new snapshot for what a manifest was to take out of it.

It asks three things. Does any text still stand that was to go, under whatever id, or is a corrected
one missing? Are these the records of the old snapshot, each but for those that were to go? And are
persons still found, in the records that were changed or elsewhere, more often than may be?
"""

import enum
import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as column
from filecmp import cmp
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

from workflows.corrections.manifests.census import Census, located, texts_to_go
from workflows.corrections.manifests.edits import Wording
from workflows.corrections.manifests.entries import Entry, ManifestError, Op, digest
from workflows.corrections.manifests.files import snapshot_files
from workflows.corrections.manifests.ledger import in_order
from workflows.corrections.manifests.plain_text import (
    ENDING,
    is_text,
    is_what_becomes,
    rewritten,
)
from workflows.corrections.manifests.resolve import Located
from workflows.corrections.manifests.table import Table
from workflows.datasets.lookup.hits import Hit, RecordId, Strength
from workflows.datasets.lookup.locate import hits_in, locate
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
    shards,
)


class Why(enum.StrEnum):
    """What is wrong at a place."""

    UNCHANGED = "unchanged"
    NOT_CORRECTED = "not_corrected"
    DIFFERENT = "different"
    RECORDS = "records"
    FOUND = "found"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True)
class Before:
    """The old snapshot, with which the new one is compared, and the texts that replace others."""

    snapshot: Path
    wording: Wording


@dataclass(frozen=True, slots=True)
class Left:
    """A place in the new snapshot where something is left, or where a correction is missing.

    `kind`, `start` and `end` are those of the hit, where a person is still found; `expected` and
    `counted` are records of the file, or of all files, where there are not as many as should be.
    """

    why: Why
    file: str
    id: RecordId
    field: str
    kind: str = ""
    ref: str | int = ""
    start: int | None = None
    end: int | None = None
    expected: int | None = None
    counted: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """How many hits of a kind of a person may stand in the whole snapshot, whatever the ids are.

    `others` were judged to be about somebody else; `open` are weak ones that nobody has judged yet.
    Of a person who is not among `refs` nothing was judged, so weak hits say nothing.
    """

    refs: Collection[str | int]
    others: Counter[tuple[str | int, Kind]]
    open: Counter[tuple[str | int, Kind]]


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
    judged: Judged | None = None,
) -> Iterator[Left]:
    """Yield the places in the new snapshot where something is left.

    Without `patterns`, no persons are looked for. Weak hits in records that were not changed count
    where `judged` says how many may stay. Plain text needs `before`; without it, records are not
    compared as a whole. Raises ManifestError or ReadError if a snapshot cannot be read to its end.
    """
    changes = in_order(entry for entry in entries if entry.changes_data)
    if any(entry.file.endswith(ENDING) for entry in changes):
        if before is None:
            raise ManifestError("Plain text is compared with the old snapshot: name that, too.")
        yield from _text_left(changes, snapshot, before, patterns, may_stay, processes=processes)
        return
    search = _Search(patterns, may_stay or Counter(), judged, processes) if patterns else None
    left = False
    censuses = _censuses(changes, before, schema)
    for place in _records_left(changes, snapshot, schema, search, censuses):
        left = True
        yield place
    if censuses and not left:
        for file in censuses[0].others(censuses[1]):
            yield Left(Why.DIFFERENT, file, None, "")


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for, how much of it may stay, and with how many processes.

    `corrected` are the hits in records that are corrected only: there a person stands on purpose.
    """

    patterns: Patterns
    may_stay: Allowed
    judged: Judged | None
    processes: int
    corrected: Counter[Hit] = column(default_factory=Counter)

    def expect(self, file: str, record: Mapping[str, Any], schema: Schema) -> None:
        """Add the hits of a record that is as its correction made it."""
        texts = {
            name: text for name in schema.text_fields if isinstance(text := record.get(name), str)
        }
        record_id = as_record_id(record.get(schema.id_field))
        self.corrected.update(hits_in(texts, self.patterns, file=file, record=record_id))


def _censuses(
    changes: Sequence[Entry], before: Before | None, schema: Schema
) -> tuple[Census, Census] | None:
    """Return what the new snapshot has to hold, and an empty one that is to count it."""
    if before is None or not changes:
        return None
    return Census.after(changes, before.snapshot, schema), Census(schema, texts_to_go(changes))


def _records_left(
    changes: Sequence[Entry],
    snapshot: Path,
    schema: Schema,
    search: _Search | None,
    censuses: tuple[Census, Census] | None,
) -> Iterator[Left]:
    if censuses:
        yield from _as_before(changes, censuses[1].count(snapshot), schema, search)
        yield from _compared(changes, *censuses)
    else:
        rows = located(snapshot) if changes else ()
        yield from _as_before(changes, rows, schema, search, _records_of(search))
    if search is not None:
        yield from _still_found(changes, _pieces(snapshot), schema, search)


def _compared(changes: Sequence[Entry], old: Census, new: Census) -> Iterator[Left]:
    for file, record, field in old.left_in(new, {str(entry.id) for entry in changes}):
        yield Left(Why.UNCHANGED, file, record, field)
    for one in old.differences(new):
        yield Left(Why.RECORDS, one.file, None, "", expected=one.expected, counted=one.counted)


def _records_of(search: _Search | None) -> frozenset[str]:
    """Return the ids of records in which somebody else stands."""
    may_stay = search.may_stay if search else ()
    return frozenset(record for _ref, record, _kind in may_stay)


def rescan_table(
    entries: Iterable[Entry],
    table: Table,
    patterns: Patterns | None,
    may_stay: Allowed,
    judged: Judged | None = None,
) -> Iterator[Left]:
    """Yield the places in a changed table where something is left.

    Its rows are not counted: it lives on, and what it was before is no more. Raises ManifestError
    or ReadError if the table cannot be read to its end.
    """
    changes = [entry for entry in entries if entry.changes_data]
    rows = table.rows() if changes else ()
    search = _Search(patterns, may_stay, judged, 1) if patterns else None
    yield from _as_before(changes, rows, table.schema, search, _records_of(search))
    if search is not None:
        yield from _still_found(changes, table.shards(), table.schema, search)


def _pieces(snapshot: Path) -> list[Shard]:
    """Return the shards of a new snapshot, from which all records may have been deleted."""
    try:
        return shards(snapshot)
    except ReadError as error:
        if error.problem is Problem.EMPTY and dataset_files(snapshot, RECORD_FORMATS):
            return []
        raise


def _text_left(
    changes: Sequence[Entry],
    snapshot: Path,
    before: Before,
    patterns: Patterns | None,
    may_stay: Allowed | None,
    *,
    processes: int,
) -> Iterator[Left]:
    """Yield the documents that are not what becomes of them, and strong hits left.

    A weak hit says nothing in a stretch of some pages, and where records begin has changed: hits
    that may stay are counted for the whole snapshot.
    """
    yield from _documents_left(changes, snapshot, before)
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
            yield _found(hit, Why.FOUND)


def _documents_left(changes: Sequence[Entry], snapshot: Path, before: Before) -> Iterator[Left]:
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
    for file in old.keys() - {entry.file for entry in changes}:
        if is_text(old[file]) and not (file in new and cmp(old[file], new[file], shallow=False)):
            yield Left(Why.DIFFERENT, file, None, "")


def _as_before(
    changes: Sequence[Entry],
    rows: Iterable[Located],
    schema: Schema,
    search: _Search | None,
    exempt: Collection[str] | None = None,
) -> Iterator[Left]:
    """Yield the records that lack their correction, and those with a text that was to go.

    Tells the search of those that have it.

    The latter are not looked for where `exempt` is None; else they are the ids of records which,
    unless they were to be changed, may hold such a text, as somebody else stands in them.
    """
    by_id: dict[str, list[Entry]] = defaultdict(list)
    for entry in changes:
        by_id[str(entry.id)].append(entry)
    to_go = texts_to_go(changes)
    fields = {entry.field for entry in changes}
    corrected = {_after(entry): entry for entry in changes if entry.op is Op.REPLACE}
    seen = named = False
    for file, _row, record in rows:
        seen, named = True, named or schema.id_field in record
        record_id = as_record_id(record.get(schema.id_field))
        own = by_id.get(str(record_id), [])
        if not own and (exempt is None or str(record_id) in exempt):
            continue
        digests = {
            field: digest(record[field])
            for field in ({entry.field for entry in own} if exempt is None else fields)
            if isinstance(record.get(field), str)
        }
        done = {entry for entry in own if digests.get(entry.field) == entry.sha256_after}
        for entry in done:
            corrected.pop(_after(entry), None)
        if search and done and all(entry.op is Op.REPLACE for entry in done):
            search.expect(file, record, schema)
        standing = to_go.intersection(digests.items()) if exempt is not None else ()
        for field, _digest in sorted(standing):
            if field not in {entry.field for entry in done}:
                yield Left(Why.UNCHANGED, file, record_id, field)
    if seen and not named and any(entry.id is not None for entry in changes):
        raise ManifestError(f"No record has a field {schema.id_field}; the manifest names ids.")
    for entry in corrected.values():
        yield Left(Why.NOT_CORRECTED, entry.file, entry.id, entry.field)


def _after(entry: Entry) -> tuple[str, str, str]:
    return str(entry.id), entry.field, entry.sha256_after


def _still_found(
    changes: Sequence[Entry],
    pieces: Iterable[Shard],
    schema: Schema,
    search: _Search,
) -> Iterator[Left]:
    emptied = {str(entry.id) for entry in changes if entry.op is not Op.REPLACE}
    stay, judged, corrected = Counter(search.may_stay), search.judged, Counter(search.corrected)
    stayed: Counter[tuple[str | int, Kind]] = Counter()
    elsewhere: list[Hit] = []
    for result in locate(pieces, search.patterns, schema, processes=search.processes):
        for hit in result.hits:
            record = str(hit.id)
            # Without an id nothing says which of the records was changed: all of them are counted.
            is_elsewhere = record not in emptied or (hit.id is None and judged is not None)
            says_nothing = is_elsewhere and hit.strength is Strength.WEAK
            if says_nothing and (judged is None or hit.ref not in judged.refs):
                continue
            if corrected[hit] > 0:
                corrected[hit] -= 1
            elif stay[hit.ref, record, hit.kind] > 0:
                stay[hit.ref, record, hit.kind] -= 1
                stayed[hit.ref, hit.kind] += 1
            elif is_elsewhere and judged is not None:
                elsewhere.append(hit)
            else:
                yield _found(hit, Why.FOUND)
    if judged is not None:
        yield from _too_many(elsewhere, judged, stayed)


def _too_many(
    hits: Sequence[Hit], judged: Judged, stayed: Counter[tuple[str | int, Kind]]
) -> Iterator[Left]:
    """Yield the hits beyond those that may stay, for the records may have other ids now."""
    room = judged.others - stayed
    for hit in hits:
        if hit.strength is Strength.STRONG:
            room[hit.ref, hit.kind] -= 1
            if room[hit.ref, hit.kind] < 0:
                yield _found(hit, Why.FOUND)
    room = +room + judged.open
    for hit in hits:
        if hit.strength is Strength.WEAK:
            room[hit.ref, hit.kind] -= 1
            if room[hit.ref, hit.kind] < 0:
                yield _found(hit, Why.UNJUDGED)


def _found(hit: Hit, why: Why) -> Left:
    return Left(why, hit.file, hit.id, hit.field, hit.kind, hit.ref, hit.start, hit.end)
