"""The re-scan: looks in the files of a new snapshot for what a manifest was to take out of it.

It asks three things. Does any text still stand that was to go, under whatever id, or is a corrected
one missing? Are these the records of the old snapshot, each but for those that were to go? And are
persons still found, in the records that were changed or elsewhere, more often than may be?
"""

import enum
import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from filecmp import cmp
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from workflows.corpus.edits.census import Census, OnPurpose, located
from workflows.corpus.edits.manifest_files import in_order
from workflows.corpus.entries import (
    Located,
    ManifestEntry,
    ManifestError,
    Op,
    Replacements,
    Text,
    digest,
)
from workflows.corpus.formats.files import snapshot_files
from workflows.corpus.formats.protocol import Shard, Source
from workflows.corpus.formats.registry import document_format_of
from workflows.corpus.formats.shards import DOCUMENTS, record_files, shards
from workflows.corpus.formats.sql_table import Table
from workflows.corpus.locate import locate, locate_records
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import (
    Hit,
    Kind,
    ReadError,
    ReadProblem,
    RecordId,
    Schema,
    Strength,
    as_record_id,
    is_document,
)


class ResidualReason(enum.StrEnum):
    """What is wrong at a place."""

    UNCHANGED = "unchanged"
    NOT_CORRECTED = "not_corrected"
    DIFFERENT = "different"
    RECORDS = "records"
    FOUND = "found"
    UNJUDGED = "unjudged"
    NOT_KEPT = "not_kept"


@dataclass(frozen=True, slots=True)
class OriginalSnapshot:
    """The old snapshot, with which the new one is compared, and the texts that replace others."""

    snapshot: Path
    wording: Replacements


@dataclass(frozen=True, slots=True)
class Residual:
    """A place in the new snapshot where something is left, or where a correction is missing.

    `kind`, `start` and `end` are those of the hit, where a person is still found; `expected` and
    `counted` are records of the file, or of all files, where there are not as many as should be.
    """

    why: ResidualReason
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
ExpectedHits: TypeAlias = Counter[tuple[str | int, str, Kind]]


def expected_hits(hits: Iterable[Hit]) -> ExpectedHits:
    """Count the hits that may stay."""
    return Counter((hit.ref, str(hit.id), hit.kind) for hit in hits)


def rescan(
    entries: Iterable[ManifestEntry],
    snapshot: Path,
    schema: Schema,
    patterns: Patterns | None = None,
    may_stay: ExpectedHits | None = None,
    *,
    processes: int = 1,
    before: OriginalSnapshot | None = None,
    judged: Judged | None = None,
    may_stand: Mapping[Text, int] | None = None,
    on_purpose: OnPurpose | None = None,
) -> Iterator[Residual]:
    """Yield the places in the new snapshot where something is left.

    Without `patterns`, no persons are looked for. Weak hits in records that were not changed count
    where `judged` says how many may stay. Plain text needs `before`; without it, records are not
    compared as a whole, and `may_stand` counts those of the old snapshot with a text that was
    changed elsewhere; where that is not known, it may stand in records of `may_stay`. `on_purpose`
    are the texts that hold a person who is looked for, as they were corrected; if it is not given,
    those of `entries`. Raises ManifestError or ReadError if a snapshot cannot be read to its end.
    """
    changes = in_order(entry for entry in entries if entry.changes_data)
    if any(is_document(entry.file) for entry in changes):
        if before is None:
            raise ManifestError("A document is compared with the old snapshot: name that, too.")
        yield from _text_left(changes, snapshot, before, patterns, may_stay, processes=processes)
        return
    search = _Search(patterns, may_stay or Counter(), judged, processes) if patterns else None
    new = Census.of(changes, schema, on_purpose)
    if before is None or not changes:
        rows = located(snapshot) if changes else ()
        yield from _records_left(changes, rows, new, may_stand, search)
    else:
        old, left = Census.after(changes, before.snapshot, schema), False
        for place in _compared(changes, old, new, snapshot):
            left = True
            yield place
        if search is not None:
            search = replace(search, is_compared=True)
            for place in _still_found(changes, _pieces(snapshot), new, search):
                left = True
                yield place
        if not left:
            for file in old.others(new):
                yield Residual(ResidualReason.DIFFERENT, file, None, "")
        return
    if search is not None:
        yield from _still_found(changes, _pieces(snapshot), new, search)


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for, how much of it may stay, and with how many processes.

    Where the records are compared as a whole, the ids need not tell which of them were changed.
    """

    patterns: Patterns
    may_stay: ExpectedHits
    judged: Judged | None
    processes: int
    is_compared: bool = False


def _compared(
    changes: Sequence[ManifestEntry], old: Census, new: Census, snapshot: Path
) -> Iterator[Residual]:
    """Yield the texts left, and where there are not as many records as should be.

    Where all other records have kept their ids, one of several with the same text was taken out
    only if none stands under its id: a pipeline may have taken out another's in its place.
    """
    _count(changes, new.count(snapshot), new)
    yield from _texts_left(changes, old, new, ids_stay=old.by_id == new.by_id)
    for one in old.differences(new):
        yield Residual(
            ResidualReason.RECORDS, one.file, None, "", expected=one.expected, counted=one.counted
        )


def _records_left(
    changes: Sequence[ManifestEntry],
    rows: Iterable[Located],
    new: Census,
    may_stand: Mapping[Text, int] | None,
    search: _Search | None,
    *,
    ids_stay: bool = False,
) -> Iterator[Residual]:
    """Yield the texts left in records that are not compared as a whole."""
    exempt = _records_of(search) if may_stand is None else frozenset()
    own = {str(entry.id) for entry in changes}

    def counted() -> Iterator[Located]:
        for file, row, record in rows:
            record_id = str(as_record_id(record.get(new.schema.id_field)))
            if record_id in own or record_id not in exempt:
                new.add(file, record, {})
            yield file, row, record

    _count(changes, counted(), new)
    old = Census.known(changes, new.schema, may_stand or {})
    yield from _texts_left(changes, old, new, ids_stay=ids_stay)


def _texts_left(
    changes: Sequence[ManifestEntry], old: Census, new: Census, *, ids_stay: bool = False
) -> Iterator[Residual]:
    """Yield what stands more often than should, and the corrections that stand less often.

    Where the records keep their ids, a text may not stand in the one where it was to go.
    """
    own: dict[Text, set[str]] = defaultdict(set)
    for entry in changes if ids_stay else ():
        own[entry.field, entry.sha256_before].add(str(entry.id))
    for file, record, name in old.left_in(new, {str(entry.id) for entry in changes}, own):
        yield Residual(ResidualReason.UNCHANGED, file, record, name)
    for entry in old.missing_in(new, changes):
        yield Residual(ResidualReason.NOT_CORRECTED, entry.file, entry.id, entry.field)


def _count(changes: Sequence[ManifestEntry], rows: Iterable[Located], new: Census) -> None:
    """Read all rows while they are counted. Raises ManifestError if none has a field of ids."""
    seen = named = False
    for _file, _row, record in rows:
        seen, named = True, named or new.schema.id_field in record
    if seen and not named and any(entry.id is not None for entry in changes):
        raise ManifestError(f"No record has a field {new.schema.id_field}; the manifest names ids.")


def _records_of(search: _Search | None) -> frozenset[str]:
    """Return the ids of records in which somebody else stands."""
    may_stay = search.may_stay if search else ()
    return frozenset(record for _ref, record, _kind in may_stay)


def rescan_table(
    entries: Iterable[ManifestEntry],
    table: Table,
    patterns: Patterns | None,
    may_stay: ExpectedHits,
    *,
    judged: Judged | None = None,
    may_stand: Mapping[Text, int] | None = None,
    on_purpose: OnPurpose | None = None,
) -> Iterator[Residual]:
    """Yield the places in a changed table where something is left.

    Its rows are not counted: it lives on, and what it was before is no more. `may_stand` counts
    those which had a text that was changed in others, `on_purpose` is as above. Raises
    ManifestError or ReadError if the table cannot be read to its end.
    """
    changes = [entry for entry in entries if entry.changes_data]
    new = Census.of(changes, table.schema, on_purpose)
    rows = table.rows() if changes else ()
    search = _Search(patterns, may_stay, judged, 1) if patterns else None
    yield from _records_left(changes, rows, new, may_stand, search, ids_stay=True)
    if search is not None:
        yield from _still_found(changes, table.shards(), new, search)


def _pieces(snapshot: Path) -> list[Shard]:
    """Return the shards of a new snapshot, from which all records may have been deleted."""
    try:
        return shards(snapshot)
    except ReadError as error:
        if error.problem is ReadProblem.EMPTY and record_files(snapshot):
            return []
        raise


def _text_left(
    changes: Sequence[ManifestEntry],
    snapshot: Path,
    before: OriginalSnapshot,
    patterns: Patterns | None,
    may_stay: ExpectedHits | None,
    *,
    processes: int,
) -> Iterator[Residual]:
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
        shards(snapshot, formats=DOCUMENTS), patterns, Schema(), processes=processes
    ):
        for hit in result.hits:
            if hit.strength is Strength.WEAK:
                continue
            if stay[hit.ref, hit.kind] > 0:
                stay[hit.ref, hit.kind] -= 1
                continue
            yield _found(hit, ResidualReason.FOUND)


def _documents_left(
    changes: Sequence[ManifestEntry], snapshot: Path, before: OriginalSnapshot
) -> Iterator[Residual]:
    old, new = snapshot_files(before.snapshot), snapshot_files(snapshot)
    alone = snapshot.is_file() and next(iter(new))
    for file, group in itertools.groupby(changes, attrgetter("file")):
        entries = list(group)
        rows = [
            (row, list(of_row)) for row, of_row in itertools.groupby(entries, attrgetter("row"))
        ]
        became, known = new.get(alone or file), document_format_of(file)
        if file not in old or known is None:
            raise ManifestError(f"{file}: the old snapshot has no such document.")
        source = Source(old[file], file)
        if became is None or not known.is_rewritten(source, became, rows, before.wording):
            yield Residual(ResidualReason.DIFFERENT, file, entries[0].id, entries[0].field)
    for file in old.keys() - {entry.file for entry in changes}:
        if is_document(file) and not (file in new and cmp(old[file], new[file], shallow=False)):
            yield Residual(ResidualReason.DIFFERENT, file, None, "")


def _still_found(
    changes: Sequence[ManifestEntry],
    pieces: Iterable[Shard],
    new: Census,
    search: _Search,
) -> Iterator[Residual]:
    stay, judged = Counter(search.may_stay), search.judged
    emptied = {str(entry.id) for entry in changes if entry.op is not Op.REPLACE}
    if judged is not None:
        # Without an id nothing says which of the records was changed: all of them are counted.
        emptied.discard("None")
    stayed: Counter[tuple[str | int, Kind]] = Counter()
    elsewhere: list[Hit] = []
    for hit in _hits(list(pieces), new, search):
        record = str(hit.id)
        is_elsewhere = record not in emptied
        is_judged = judged is not None and hit.ref in judged.refs
        if is_elsewhere and hit.strength is Strength.WEAK and not is_judged:
            continue  # it says nothing
        if stay[hit.ref, record, hit.kind] > 0:
            stay[hit.ref, record, hit.kind] -= 1
            stayed[hit.ref, hit.kind] += 1
        elif judged is not None and (is_elsewhere or (is_judged and search.is_compared)):
            elsewhere.append(hit)
        else:
            yield _found(hit, ResidualReason.FOUND)
    if judged is not None:
        # Those in records with the id of one that was emptied are the first that are too many.
        elsewhere.sort(key=lambda hit: str(hit.id) in emptied)
        yield from _too_many(elsewhere, judged, stayed, emptied)


def _hits(pieces: Sequence[Shard], new: Census, search: _Search) -> Iterator[Hit]:
    """Yield all hits but those in records that were corrected: there the person is on purpose.

    Such a record is known by its texts, whatever its id is, and only as often as it was counted.
    """
    beside = {ref: Counter(texts) for ref, texts in new.beside.items()}
    results = locate(pieces, search.patterns, new.schema, processes=search.processes)
    for shard, result in zip(pieces, results, strict=True):
        if not beside or not result.hits:
            yield from result.hits
            continue
        for record in locate_records(shard, search.patterns, new.schema):
            texts = Counter((name, digest(text)) for name, text in record.texts.items())
            on_purpose = {
                ref
                for ref in {None, *(hit.ref for hit in record.hits)}
                if ref in beside and texts <= beside[ref]
            }
            for ref in on_purpose:
                beside[ref] -= texts
            if None not in on_purpose:
                yield from (hit for hit in record.hits if hit.ref not in on_purpose)


def _too_many(
    hits: Sequence[Hit],
    judged: Judged,
    stayed: Counter[tuple[str | int, Kind]],
    emptied: Collection[str],
) -> Iterator[Residual]:
    """Yield the hits beyond those that may stay, for the records may have other ids now."""
    room = judged.others - stayed
    for hit in hits:
        if hit.strength is Strength.STRONG:
            room[hit.ref, hit.kind] -= 1
            if room[hit.ref, hit.kind] < 0:
                yield _found(hit, ResidualReason.FOUND)
    room = +room + judged.open
    for hit in hits:
        if hit.strength is Strength.WEAK:
            room[hit.ref, hit.kind] -= 1
            if room[hit.ref, hit.kind] < 0:
                yield _found(
                    hit, ResidualReason.FOUND if str(hit.id) in emptied else ResidualReason.UNJUDGED
                )


def _found(hit: Hit, why: ResidualReason) -> Residual:
    return Residual(why, hit.file, hit.id, hit.field, hit.kind, hit.ref, hit.start, hit.end)
