"""Turns changes, which name a record by its id, into entries, which name it by file and row.

The snapshot is read once, and only the files that are concerned.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workflows.corrections.manifests.edits import Wording, edited, edits_of
from workflows.corrections.manifests.entries import Entry, ManifestError, Op, digest
from workflows.corrections.manifests.files import UNREADABLE, reading, snapshot_files
from workflows.corrections.manifests.plain_text import ID, is_text, paragraph, text_records
from workflows.datasets.lookup.hits import RecordId
from workflows.datasets.lookup.readers import parse_record
from workflows.datasets.lookup.records import as_record_id
from workflows.datasets.lookup.shards import Format, format_of

_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done at one place. `written` is the text of the span, where it is known.

    Where several records have the same id, or none, those are meant in which it stands. Without a
    `file` the record may be in any. With `anywhere`, it is done wherever `written` stands in the
    field, and `start` and `end` say nothing. Where neither says which of the records with this id
    are meant, as many are as in `count`: all or none.
    """

    op: Op
    file: str
    id: RecordId
    field: str
    start: int = 0
    end: int = 0
    written: str | None = None
    replacement_ref: str = ""
    case_pseudonym: str = ""
    anywhere: bool = False
    count: int = 1


# The file of a record, its row there, and the record.
Located = tuple[str, int, Mapping[str, Any]]


class Unresolved(ManifestError):
    """Some of the `changes` do not fit the snapshot any more."""

    def __init__(self, changes: Iterable[Change], id_field: str) -> None:
        self.changes = frozenset(changes)
        first = next(iter(self.changes))
        super().__init__(
            f"{first.file}, {id_field} {first.id}: {len(self.changes)} places are not as they were "
            "when they were found. Look the person up again."
        )


class Ambiguous(ManifestError):
    """More records have the id of a change than are meant, and nothing says which."""

    def __init__(self, change: Change, found: int) -> None:
        super().__init__(
            f"{change.file}: {found} records could be meant and {change.count} are, but the hits "
            "do not say which: they have the same id, or none. Give each record an id of its own "
            "and look again."
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """What the entries say of the snapshot: names, and the fields of its records."""

    dataset: str = ""
    snapshot: str = ""
    id_field: str = "id"
    source_field: str = ""


def resolve(
    changes: Iterable[Change], snapshot: Path, origin: Origin, wording: Wording
) -> Iterator[Entry]:
    """Yield the entries for changes, file by file and row by row.

    Raises ManifestError if a file is missing, and at the end Unresolved if a record is not found or
    its text is not the one that was looked at, or Ambiguous.
    """
    changes = list(changes)
    files = snapshot_files(snapshot)
    named = {change.file for change in changes}
    for file in named - {""} - files.keys():
        raise ManifestError(f"{file}: the snapshot has no such file.")

    def located() -> Iterator[Located]:
        for file, path in files.items():
            # Plain text is data where a change is about it: beside records lies a README.txt.
            known = Format.TEXT if file in named and is_text(path) else format_of(path)
            if known is not None and named & {"", file}:
                for row, record in records(path, known, file):
                    yield file, row, record

    if any(is_text(files[file]) for file in named - {""}):
        origin = replace(origin, id_field=ID)
    yield from resolve_located(changes, located(), origin, wording)


def resolve_located(
    changes: Iterable[Change], located: Iterable[Located], origin: Origin, wording: Wording
) -> Iterator[Entry]:
    """Yield the entries for changes of the records that are `located`.

    Raises Unresolved at the end for those whose record is not there, or not as it was, and
    Ambiguous where others than those that are meant would be changed.
    """
    wanted: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        wanted[str(change.id)].append(change)
    missing = set().union(*wanted.values())
    counts: Counter[Change] = Counter()
    for file, row, record in located:
        found = [
            (change, place)
            for change in wanted.get(str(as_record_id(record.get(origin.id_field))), ())
            if change.file in ("", file)
            for place in _places(record, change, wording)
        ]
        if found:
            matched = {change for change, _place in found}
            missing -= matched
            counts.update(change for change in matched if change.written is None)
            places = [replace(place, file=file) for _change, place in found]
            if is_text(Path(file)):
                places = [_by_paragraph(record, place) for place in places]
            yield from entries_of_record(row, record, places, origin, wording)
    if missing:
        raise Unresolved(missing, origin.id_field)
    for change, number in counts.items():
        if number != change.count:
            raise Ambiguous(change, number)


def _by_paragraph(record: Mapping[str, Any], change: Change) -> Change:
    """Return a change of plain text: in the place of a deletion, the paragraph is redacted."""
    if change.op is not Op.DELETE:
        return change
    start, end = paragraph(record[change.field], change.start, change.end)
    return replace(change, op=Op.REDACT, start=start, end=end)


def _places(record: Mapping[str, Any], change: Change, wording: Wording) -> list[Change]:
    """Return a change for each place in a record that is meant; none if it is not this record."""
    text = record.get(change.field)
    if not isinstance(text, str):
        return []
    if change.anywhere:
        right = wording.replacements.get(change.replacement_ref, "")
        return [
            replace(change, start=place.start(), end=place.end())
            for place in re.finditer(re.escape(change.written or ""), text)
            if place[0] and not _is_done(text, place.start(), place[0], right)
        ]
    if change.end > len(text):
        return []
    meant = change.written is None or text[change.start : change.end] == change.written
    return [change] if meant else []


def _is_done(text: str, start: int, wrong: str, right: str) -> bool:
    """Return whether a wrong text stands there as a part of the right one, which may hold it."""
    inside = (place.start() for place in re.finditer(re.escape(wrong), right))
    return any(offset <= start and text.startswith(right, start - offset) for offset in inside)


def entries_of_record(
    row: int, record: Mapping[str, Any], changes: Sequence[Change], origin: Origin, wording: Wording
) -> Iterator[Entry]:
    """Yield the entries that changes of one record, in the row `row` of its file, come to."""
    changes = _without_own_deletions(changes)
    goes = any(change.op is Op.DELETE for change in changes)
    source = record.get(origin.source_field) if origin.source_field else None
    by_field: dict[str, list[Entry]] = defaultdict(list)
    for change in changes:
        whole = goes or change.op is Op.DELETE
        by_field[change.field].append(
            Entry(
                op=Op.DELETE if goes else change.op,
                dataset=origin.dataset,
                snapshot=origin.snapshot,
                source=source if isinstance(source, str) else "",
                id=change.id,
                file=change.file,
                field=change.field,
                row=row,
                start=None if whole else change.start,
                end=None if whole else change.end,
                replacement_ref="" if whole else change.replacement_ref,
                case_pseudonym=change.case_pseudonym,
            )
        )
    for field, entries in by_field.items():
        text = record[field]
        after = "" if goes else digest(edited(text, edits_of(entries, wording)))
        before = digest(text)
        for entry in dict.fromkeys(entries):  # two places in a record that goes are one entry
            yield replace(entry, sha256_before=before, sha256_after=after)


def _without_own_deletions(changes: Sequence[Change]) -> Sequence[Change]:
    """Leave out the deletion of a record which the same case has corrected.

    The correction is the narrower wish. A deletion that another case asks for stands.
    """
    corrected = {change.case_pseudonym for change in changes if change.op is Op.REPLACE} - {""}
    return [
        change
        for change in changes
        if change.op is not Op.DELETE or change.case_pseudonym not in corrected
    ]


def records(path: Path, known: Format, file: str = "") -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records of a file with their row numbers; lines that are no record only count.

    `file` is its name in the snapshot, of which the ids of plain text are made. Raises
    ManifestError if the file cannot be read to its end, or if none of its lines is a record.
    """
    if known is Format.TEXT:
        yield from text_records(path, file or path.name)
        return
    try:
        if known is Format.PARQUET:
            yield from _parquet_records(path)
            return
        found = broken = False
        with reading(path, known) as lines:
            for row, line in enumerate(lines):
                record = parse_record(line)
                if record is not None:
                    found = True
                    yield row, record
                else:
                    broken = broken or bool(line.strip())
        if broken and not found:
            raise ManifestError(f"{path} holds lines, but none is a JSON object in UTF-8.")
    except UNREADABLE as error:
        raise ManifestError(f"{path} cannot be read to its end.") from error


def _parquet_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    row = 0
    try:
        with ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                for record in batch.to_pylist():
                    yield row, record
                    row += 1
    except ArrowException as error:
        raise ManifestError(f"{path} cannot be read to its end.") from error
