"""What the entries of one record make of its texts: overlaps merged, every digest checked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.corrections.manifests.entries import REDACTION, Entry, ManifestError, Op, digest
from workflows.datasets.lookup.records import as_record_id


class EditRefused(Exception):
    """The manifest does not fit the snapshot; the message names file and row and quotes no text."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` takes the place of the code points `start` to before `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts that take the place of others: one for redactions, replacements by their ref."""

    replacements: Mapping[str, str]
    redaction: str = REDACTION


def edits_of(entries: Iterable[Entry], wording: Wording) -> list[Edit]:
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


def _clusters(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Group the entries whose spans overlap, or are the same."""
    clusters: list[list[Entry]] = []
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


def _span(entry: Entry) -> tuple[int | None, int | None]:
    return entry.start, entry.end


def _replacement(entry: Entry, wording: Wording) -> str:
    try:
        return wording.replacements[entry.replacement_ref]
    except KeyError:
        raise ManifestError(
            f"{entry.file}, row {entry.row}: there is no text for the replacement "
            f"{entry.replacement_ref}."
        ) from None


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with its edits made."""
    bounds = [0, *(bound for edit in edits for bound in (edit.start, edit.end)), len(text)]
    kept = [text[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
    pieces = [kept[0]]
    for edit, rest in zip(edits, kept[1:], strict=True):
        pieces += (edit.text, rest)
    return "".join(pieces)


def by_field(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Group the entries of one record by the field that they change."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.field].append(entry)
    return groups


def checked_edits(
    record: Mapping[str, Any], id_field: str, entries: Sequence[Entry], wording: Wording
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
        if promised and promised != {digest(edited(text, edits))}:
            raise EditRefused(f"{place}: sha256_after is not what becomes of the text in {field}.")
        found[field] = edits
    return None if any(entry.op is Op.DELETE for entry in entries) else found
