"""Turns changes, which name a record by its id, into entries, which name it by file and row.

The snapshot is read once, and only the files that are concerned.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as column
from pathlib import Path
from typing import Any, TypeAlias

from workflows.corpus.columns import text_sha256
from workflows.corpus.entries import (
    EntryOrigin,
    Located,
    ManifestEntry,
    ManifestError,
    Op,
    RecordAmbiguous,
    RecordNotFound,
    Replacements,
    RequestedChange,
    apply_edits,
    digest,
    edits_of,
)
from workflows.corpus.formats.files import snapshot_files
from workflows.corpus.formats.protocol import DOCUMENT_ID, Format, Source
from workflows.corpus.formats.registry import format_of, record_format_of
from workflows.corpus.values import Schema, as_record_id, is_document

# A file, and the row, position and content of a record in it.
PlacedInFile: TypeAlias = tuple[str, int, int | None, Mapping[str, Any]]
# A longer paragraph, or line, is no unit of meaning either.
LONGEST_PARAGRAPH = 4000
_EMPTY_LINE = re.compile(r"\n[ \t\r]*\n")


def resolve(
    changes: Iterable[RequestedChange], snapshot: Path, origin: EntryOrigin, wording: Replacements
) -> Iterator[ManifestEntry]:
    """Yield the entries for changes, file by file and row by row.

    Raises ManifestError if a file is missing. Raises at the end RecordNotFound for those whose
    record is not there, not as it was, or not the only one that could be meant, and RecordAmbiguous
    where others are meant than `count` says.
    """
    changes = list(changes)
    files = snapshot_files(snapshot)
    named = {change.file for change in changes}
    for file in named - {""} - files.keys():
        raise ManifestError(f"{file}: the snapshot has no such file.")

    schema = Schema(origin.id_field)

    def located() -> Iterator[PlacedInFile]:
        for file, path in files.items():
            # A document is data where a change is about it: beside records lies a README.txt.
            known = format_of(path) if file in named else record_format_of(path)
            if known is not None and named & {"", file}:
                for row, position, record in known.records(Source(path, file), schema):
                    yield file, row, position, record

    if any(is_document(file) for file in named - {""}):
        origin = replace(origin, id_field=DOCUMENT_ID)
    yield from _resolved(changes, located(), origin, wording)


def resolve_located(
    changes: Iterable[RequestedChange],
    located: Iterable[Located],
    origin: EntryOrigin,
    wording: Replacements,
) -> Iterator[ManifestEntry]:
    """Yield the entries for changes of the rows of a table that are `located`; raise as above."""
    rows = ((file, row, None, record) for file, row, record in located)
    yield from _resolved(changes, rows, origin, wording)


def _resolved(
    changes: Iterable[RequestedChange],
    located: Iterable[PlacedInFile],
    origin: EntryOrigin,
    wording: Replacements,
) -> Iterator[ManifestEntry]:
    wanted: dict[str, list[RequestedChange]] = defaultdict(list)
    for change in dict.fromkeys(changes):  # asked for twice, it is done once
        wanted[str(change.id)].append(change)
    tally = _Tally()
    for file, row, position, record in located:
        key = str(as_record_id(record.get(origin.id_field)))
        if key not in wanted:
            continue
        tally.of_id[key] += 1
        digests: dict[str, str] = {}
        found = [
            replace(place, file=file)
            for change in wanted[key]
            if _is_meant(change, file, position, record, digests)
            for place in tally.counted(change, record, _places(record, change, wording))
        ]
        if found:
            if is_document(file):
                found = [_by_paragraph(record, place) for place in found]
            yield from entries_of_record(row, record, found, origin, wording)
    tally.check([change for own in wanted.values() for change in own], origin.id_field)


@dataclass(frozen=True, slots=True)
class _Tally:
    """In which records changes were found.

    `of_id` counts the records with the id of a change, `seen` those that may be meant, and
    `fitting` those of them in which something is to be done. `first` keeps such a record where only
    its text tells it from others; a change is in `unclear` where another one is not the same.
    """

    of_id: Counter[str] = column(default_factory=Counter)
    seen: Counter[RequestedChange] = column(default_factory=Counter)
    fitting: Counter[RequestedChange] = column(default_factory=Counter)
    first: dict[RequestedChange, Mapping[str, Any]] = column(default_factory=dict)
    unclear: set[RequestedChange] = column(default_factory=set)

    def counted(
        self, change: RequestedChange, record: Mapping[str, Any], places: list[RequestedChange]
    ) -> list[RequestedChange]:
        """Count a record that may be meant, and return its places."""
        self.seen[change] += 1
        self.fitting[change] += bool(places)
        if change.is_by_text and self.first.setdefault(change, record) != record:
            self.unclear.add(change)
        return places

    def check(self, changes: Sequence[RequestedChange], id_field: str) -> None:
        """Raise RecordNotFound or RecordAmbiguous for what cannot be made of these changes."""
        unclear = self.unclear | {change for change in changes if self._is_unclear(change)}
        failed = {change for change in changes if not self.fitting[change]}
        if failed or unclear:
            done = {change for change in failed - unclear if self._is_done_with(change)}
            raise RecordNotFound(failed | unclear, id_field, done)
        for change in changes:
            if change.is_counted and self.fitting[change] != change.count:
                raise RecordAmbiguous(change, self.fitting[change])

    def _is_unclear(self, change: RequestedChange) -> bool:
        """Return whether a change may be about several records, of which nothing tells one."""
        if change.position is not None or change.is_counted:
            return False
        several = self.of_id[str(change.id)] > 1 and not change.text_sha256
        return change.id is None or several

    def _is_done_with(self, change: RequestedChange) -> bool:
        """Return whether nothing is to be changed: the record is gone, or holds no wrong text."""
        if self.seen[change]:
            return change.anywhere
        return change.position is None and not self.of_id[str(change.id)]


def _is_meant(
    change: RequestedChange,
    file: str,
    position: int | None,
    record: Mapping[str, Any],
    digests: dict[str, str],
) -> bool:
    """Return whether a record with the id of a change may be the one that is meant.

    `digests` keeps those of the texts of this record.
    """
    if change.file not in ("", file) or change.position not in (None, position):
        return False
    if not change.text_sha256:
        return True
    text = record.get(change.field)
    if not isinstance(text, str):
        return False
    if change.field not in digests:
        digests[change.field] = text_sha256(text)
    return digests[change.field] == change.text_sha256


def _by_paragraph(record: Mapping[str, Any], change: RequestedChange) -> RequestedChange:
    """Return a change of a document: in the place of a deletion, the paragraph is redacted."""
    if change.op is not Op.DELETE:
        return change
    start, end = paragraph(record[change.field], change.start, change.end)
    return replace(change, op=Op.REDACT, start=start, end=end)


def paragraph(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the paragraph around a span, or its line; the span itself where both are too long."""
    before = [place.end() for place in _EMPTY_LINE.finditer(text, 0, start)]
    after = _EMPTY_LINE.search(text, end)
    line_end = text.find("\n", end)
    found = [
        (before[-1] if before else 0, after.start() if after else len(text)),
        (text.rfind("\n", 0, start) + 1, line_end if line_end >= 0 else len(text)),
    ]
    for first, last in found:
        if last - first <= LONGEST_PARAGRAPH:
            return first, last
    return start, end


def _places(
    record: Mapping[str, Any], change: RequestedChange, wording: Replacements
) -> list[RequestedChange]:
    """Return a change for each place in a record that is meant; none if it is not this record."""
    text = record.get(change.field)
    if not isinstance(text, str):
        return []
    if change.anywhere:
        right = wording.replacements.get(change.replacement_ref, "")
        reach = paragraph(text, change.start, change.end) if change.end else (0, len(text))
        return [
            replace(change, start=place.start(), end=place.end())
            for place in re.compile(re.escape(change.written or "")).finditer(text, *reach)
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
    row: int,
    record: Mapping[str, Any],
    changes: Sequence[RequestedChange],
    origin: EntryOrigin,
    wording: Replacements,
) -> Iterator[ManifestEntry]:
    """Yield the entries that changes of one record, in the row `row` of its file, come to."""
    changes = _without_own_deletions(changes)
    goes = any(change.op is Op.DELETE for change in changes)
    source = record.get(origin.source_field) if origin.source_field else None
    by_field: dict[str, list[ManifestEntry]] = defaultdict(list)
    for change in changes:
        whole = goes or change.op is Op.DELETE
        by_field[change.field].append(
            ManifestEntry(
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
        after = "" if goes else digest(apply_edits(text, edits_of(entries, wording)))
        before = digest(text)
        for entry in dict.fromkeys(entries):  # two places in a record that goes are one entry
            yield replace(entry, sha256_before=before, sha256_after=after)


def _without_own_deletions(changes: Sequence[RequestedChange]) -> Sequence[RequestedChange]:
    """Leave out the deletion of a record which the same case has corrected.

    The correction is the narrower wish. A deletion that another case asks for stands.
    """
    corrected = {change.case_pseudonym for change in changes if change.op is Op.REPLACE} - {""}
    return [
        change
        for change in changes
        if change.op is not Op.DELETE or change.case_pseudonym not in corrected
    ]


def records(path: Path, known: Format, file: str = "") -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the records of a file with their row numbers; lines that are no record only count.

    `file` is its name in the snapshot, of which the ids of plain text are made. Raises
    ManifestError if the file cannot be read to its end, or if none of its lines is a record.
    """
    for row, _position, record in known.records(Source(path, file or path.name), Schema()):
        yield row, record
