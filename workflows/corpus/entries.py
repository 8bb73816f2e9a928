"""An entry of a manifest: one change to one record, named by file and row. No personal text."""

import enum
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from workflows.corpus.values import RecordId, as_record_id

# What stands in the place of redacted text, unless the manifest says otherwise.
REDACTION = "[REDACTED]"
# A field, and SHA-256 of its text.
Text = tuple[str, str]

_DIGEST = re.compile(r"[0-9a-f]{64}|")


class ManifestError(ValueError):
    """A manifest cannot be read or made; the message names the row and quotes no text."""


class Op(enum.StrEnum):
    """What is to be done. `suppress` concerns the outputs of models and changes no data."""

    REDACT = "redact"
    REPLACE = "replace"
    DELETE = "delete"
    SUPPRESS = "suppress"


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One row of a ledger manifest, in the order of its columns.

    `row` counts from 0: of JSONL every line, of Parquet every row of the file. `start` and `end`
    are code points of the decoded text of `field`. The digests are SHA-256 in hexadecimal of that
    whole text in UTF-8, before and after all the changes of the manifest; a record that goes has
    none after. `replacement_ref` names a text that is kept elsewhere.
    """

    op: Op
    dataset: str = ""
    snapshot: str = ""
    source: str = ""
    id: RecordId = None
    file: str = ""
    field: str = "text"
    row: int = 0
    start: int | None = None
    end: int | None = None
    sha256_before: str = ""
    sha256_after: str = ""
    replacement_ref: str = ""
    case_pseudonym: str = ""

    @property
    def changes_data(self) -> bool:
        """Whether something is to be changed in the snapshot."""
        return self.op is not Op.SUPPRESS

    @property
    def place(self) -> tuple[str, int]:
        """File and row."""
        return self.file, self.row

    def as_dict(self) -> dict[str, Any]:
        """Return the columns in their order."""
        return {name: getattr(self, name) for name in COLUMNS}

    def as_line(self) -> str:
        """Return the columns as a line of JSONL, with its line end."""
        return json.dumps(self.as_dict(), ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], number: int) -> Self:
        """Read a row, `number` from 0; a missing `field` is `text`. Raises ManifestError."""
        known = {name: values[name] for name in COLUMNS if values.get(name) is not None}
        try:
            entry = cls(**{**known, "op": Op(known["op"])})
        except (KeyError, ValueError, TypeError):
            raise ManifestError(f"Row {number} of the manifest has no known `op`.") from None
        fault = entry._fault()
        if fault:
            raise ManifestError(f"Row {number} of the manifest: {fault}")
        return entry

    def _fault(self) -> str:
        texts = (
            self.dataset, self.snapshot, self.source, self.file, self.field,
            self.replacement_ref, self.case_pseudonym,
        )  # fmt: skip
        if not all(isinstance(text, str) for text in texts):
            return "a name is not a text."
        if not isinstance(self.id, str | int | None):
            return "`id` is neither a text nor a number."
        for value in (self.sha256_before, self.sha256_after):
            if not isinstance(value, str) or not _DIGEST.fullmatch(value):
                return "a digest is not SHA-256 in hexadecimal."
        return self._fault_of_change() if self.changes_data else ""

    def _fault_of_change(self) -> str:
        if not self.file or type(self.row) is not int or self.row < 0:
            return "`file` and `row` must name a record."
        if not self.sha256_before:
            return "`sha256_before` is missing."
        if self.op is Op.REPLACE and not self.replacement_ref:
            return "`replacement_ref` is missing."
        return "" if self.op is Op.DELETE else self._fault_of_span()

    def _fault_of_span(self) -> str:
        if type(self.start) is not int or type(self.end) is not int:
            return "`start` and `end` must be whole numbers."
        # An empty span may be replaced, which inserts; there is nothing to redact in one.
        shortest = 0 if self.op is Op.REPLACE else 1
        return "" if 0 <= self.start <= self.end - shortest else "the span is empty or backward."


COLUMNS = tuple(field.name for field in fields(ManifestEntry))


def digest(text: str) -> str:
    """Return SHA-256 of a text in UTF-8, in hexadecimal; lone surrogates count as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class EditRefused(Exception):
    """The manifest does not fit the snapshot; the message names file and row and quotes no text."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` takes the place of the code points `start` to before `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Replacements:
    """The texts that take the place of others: one for redactions, replacements by their ref."""

    replacements: Mapping[str, str]
    redaction: str = REDACTION


def edits_of(entries: Iterable[ManifestEntry], wording: Replacements) -> list[Edit]:
    """Return the edits of one text in order, none of them overlapping.

    Where redactions overlap, the whole stretch is redacted once, and a replacement that overlaps a
    redaction gives way: what one person has removed is not written back for another. Raises
    ManifestError if different replacements overlap, or a text is missing.
    """
    found: list[Edit] = []
    for cluster in _clusters(entries):
        start, end = cluster[0].start or 0, max(entry.end or 0 for entry in cluster)
        if any(entry.op is Op.REDACT for entry in cluster):
            found.append(Edit(start, end, wording.redaction))
            continue
        texts = {_replacement(entry, wording) for entry in cluster}
        if len(texts) > 1 or any((entry.start, entry.end) != (start, end) for entry in cluster):
            file, row = cluster[0].place
            raise ManifestError(f"{file}, row {row}: two replacements contradict each other.")
        found.append(Edit(start, end, texts.pop()))
    return found


def _clusters(entries: Iterable[ManifestEntry]) -> list[list[ManifestEntry]]:
    """Group the entries whose spans overlap, or are the same."""
    clusters: list[list[ManifestEntry]] = []
    reached = -1
    for entry in sorted(entries, key=lambda e: (e.start or 0, e.end or 0, e.replacement_ref)):
        assert entry.start is not None
        assert entry.end is not None
        if clusters and (
            entry.start < reached or (entry.start, entry.end) == _span(clusters[-1][-1])
        ):
            clusters[-1].append(entry)
        else:
            clusters.append([entry])
        reached = max(reached, entry.end)
    return clusters


def _span(entry: ManifestEntry) -> tuple[int | None, int | None]:
    return entry.start, entry.end


def _replacement(entry: ManifestEntry, wording: Replacements) -> str:
    try:
        return wording.replacements[entry.replacement_ref]
    except KeyError:
        raise ManifestError(
            f"{entry.file}, row {entry.row}: there is no text for the replacement "
            f"{entry.replacement_ref}."
        ) from None


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with its edits made."""
    bounds = [0, *(bound for edit in edits for bound in (edit.start, edit.end)), len(text)]
    kept = [text[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
    pieces = [kept[0]]
    for edit, rest in zip(edits, kept[1:], strict=True):
        pieces += (edit.text, rest)
    return "".join(pieces)


def by_field(entries: Iterable[ManifestEntry]) -> dict[str, list[ManifestEntry]]:
    """Group the entries of one record by the field that they change."""
    groups: dict[str, list[ManifestEntry]] = defaultdict(list)
    for entry in entries:
        groups[entry.field].append(entry)
    return groups


def verified_edits(
    record: Mapping[str, Any],
    id_field: str,
    entries: Sequence[ManifestEntry],
    wording: Replacements,
) -> dict[str, list[Edit]] | None:
    """Return the edits of each field of a record, or None if the record is to go.

    Raises Refused if the record is not the one that the entries were made for, or would not become
    what they promise.
    """
    found: dict[str, list[Edit]] = {}
    for field, group in by_field(entries).items():
        place = f"{group[0].file}, row {group[0].row}"
        text = record.get(field)
        if not isinstance(text, str):
            raise EditRefused(f"{place}: the record has no text in {field}.")
        if any(str(as_record_id(record.get(id_field))) != str(entry.id) for entry in group):
            raise EditRefused(f"{place}: the record has another {id_field} than in the manifest.")
        if any(entry.sha256_before != digest(text) for entry in group):
            raise EditRefused(f"{place}: sha256_before is not that of the text in {field}.")
        if any(entry.op is Op.DELETE for entry in entries):
            continue
        if any((entry.end or 0) > len(text) for entry in group):
            raise EditRefused(f"{place}: a span ends behind the text in {field}.")
        edits = edits_of(group, wording)
        promised = {entry.sha256_after for entry in group} - {""}
        if promised and promised != {digest(apply_edits(text, edits))}:
            raise EditRefused(f"{place}: sha256_after is not what becomes of the text in {field}.")
        found[field] = edits
    return None if any(entry.op is Op.DELETE for entry in entries) else found


NOTE = "manifest.note"
JSONL = "entries.jsonl"
PARQUET = "entries.parquet"


@dataclass(frozen=True, slots=True)
class Header:
    """What the note says of a manifest, but for the digests. `made` is ISO 8601 in UTC."""

    id: str
    dataset: str
    snapshot: str
    made: str
    redaction: str = REDACTION


@dataclass(frozen=True, slots=True)
class RequestedChange:
    """What is to be done at one place. `written` is the text of the span, where it is known.

    Which record is meant: the one of this `id` at this `position` of the `file`, if its whole text
    is that of `text_sha256`, as matches of this snapshot know it. Rows of a table have no position:
    there it is the row with this id and text, or several that are the same in everything. Of a
    place of which only `written` is known, the record is meant which alone in the snapshot has this
    id. Where not even that is known, as many records as in `count` have the id: all or none.

    Without a `file` the record may be in any. With `anywhere`, it is done wherever `written` stands
    in the field; with an `end`, only in the paragraph from `start` to there.
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
    position: int | None = None
    text_sha256: str = ""

    @property
    def is_counted(self) -> bool:
        """Whether nothing but the id says which records are meant."""
        return self.written is None and not self.text_sha256

    @property
    def is_by_text(self) -> bool:
        """Whether the record is known by its id and its text alone."""
        return bool(self.text_sha256) and self.position is None


# The file of a record, its row there, and the record.
Located = tuple[str, int, Mapping[str, Any]]


class RecordNotFound(ManifestError):
    """Some of the `changes` cannot be made: their record is not as it was, or not the only one.

    Of those in `done` nothing is to be changed, for certain: the record is gone, or the text that
    was to be replaced does not stand in it.
    """

    def __init__(
        self,
        changes: Iterable[RequestedChange],
        id_field: str,
        done: Iterable[RequestedChange] = (),
    ) -> None:
        self.changes, self.done = frozenset(changes), frozenset(done)
        first = next(iter(self.changes))
        super().__init__(
            f"{first.file}, {id_field} {first.id}: {len(self.changes)} places are not as they were "
            "when they were found, or could be in several records. Look the person up again."
        )


class RecordAmbiguous(ManifestError):
    """More records have the id of a change than are meant, and nothing says which."""

    def __init__(self, change: RequestedChange, found: int) -> None:
        super().__init__(
            f"{change.file}: {found} records could be meant and {change.count} are, but the hits "
            "do not say which: they have the same id, or none. Give each record an id of its own "
            "and look again."
        )


@dataclass(frozen=True, slots=True)
class EntryOrigin:
    """What the entries say of the snapshot: names, and the fields of its records."""

    dataset: str = ""
    snapshot: str = ""
    id_field: str = "id"
    source_field: str = ""
