"""What was taken out and came back: recognised in a new snapshot, and taken out once more."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.cases.models import Case
from workflows.corpus.edits.resolve import entries_of_record
from workflows.corpus.entries import (
    EditRefused,
    EntryOrigin,
    Located,
    ManifestEntry,
    ManifestError,
    Op,
    Replacements,
    RequestedChange,
    digest,
)
from workflows.corpus.values import ReadError
from workflows.corrections.lineage import related_versions
from workflows.corrections.manifest_builder import store_manifest
from workflows.corrections.manifests import MAKE, entries_of
from workflows.corrections.models import (
    GuardedSnapshot,
    Instruction,
    Manifest,
    Reingestion,
    Tombstone,
)
from workflows.corrections.reingestion import (
    REMARK_LENGTH,
    ReappearedPlace,
    blocking_reason,
    record_reingestion,
)
from workflows.corrections.tombstones import GUARD, digests_of
from workflows.datasets.locations import as_table, sources_of
from workflows.datasets.models import Snapshot
from workflows.outbox.long_work import advisory_lock
from workflows.vault.crypto import Shredded


def redo_removal(return_id: int | str) -> Manifest | None:
    """Make the manifest that was asked for, unless another process does; say why where it fails."""
    returned = Reingestion.objects.select_related("case__data_key", "snapshot__dataset").get(
        pk=return_id
    )
    with advisory_lock(MAKE, str(related_versions(returned.snapshot)[0].pk)) as free:
        if not free or returned.resolved_at or returned.manifest_id or not returned.asked_at:
            return None
        reason = blocking_reason(returned)
        if not reason:
            try:
                return _make(returned)
            except (ManifestError, EditRefused, ReadError) as error:
                reason = str(error)
        # Asked again by a person, not by itself: what is in the way does not go by waiting.
        Reingestion.objects.filter(pk=returned.pk).update(
            remark=reason[:REMARK_LENGTH], asked_at=None
        )
        return None


def _make(returned: Reingestion) -> Manifest:
    former, wording = _done_before(returned.case)
    found = list(_changed_before(returned, former))
    entries = list(_entries(returned, found, former, wording))
    used = Instruction.objects.filter(
        item__case=returned.case, manifests__state=Manifest.State.VERIFIED
    ).distinct()
    if not found:
        raise ManifestError(
            _(
                "Only a short text of these records, such as a name, is the same as before: they "
                "may be about somebody else. Look at them, then say here what was done."
            )
        )
    if not entries:
        raise ManifestError(
            _(
                "What is to be done to these records is not known any more, as the case was "
                "erased. Take them out by hand, then say so here."
            )
        )
    with transaction.atomic():
        manifest = store_manifest(returned.snapshot, list(used), entries, wording)
        Reingestion.objects.filter(pk=returned.pk).update(manifest=manifest)
    return manifest


def _done_before(case: Case) -> tuple[dict[str, list[ManifestEntry]], Replacements]:
    """Return what was done for a case, by the digest of the text; nothing where it was erased."""
    former: dict[str, list[ManifestEntry]] = defaultdict(list)
    replacements: dict[str, str] = {}
    manifests = Manifest.objects.filter(
        instructions__item__case=case, state=Manifest.State.VERIFIED
    ).select_related("data_key")
    for manifest in manifests.distinct():
        try:
            entries, texts = entries_of(manifest), manifest.replacements
        except Shredded:
            continue
        replacements |= texts
        for entry in entries:
            if entry.case_pseudonym == str(case.pseudonym):
                former[entry.sha256_before].append(entry)
    return former, Replacements(replacements)


def _changed_before(
    returned: Reingestion, former: dict[str, list[ManifestEntry]]
) -> Iterator[Located]:
    """Yield the records that are those of before: their longest text is one that was changed.

    A name that has a field of its own stands in the records of namesakes as well.
    """
    buried = returned.case.tombstones.values_list("digest", flat=True)
    known = {bytes(one) for one in buried}
    for file, row, record in _located(returned):
        texts = [record.get(field) for field in returned.snapshot.schema.text_fields]
        longest = max((text for text in texts if isinstance(text, str)), key=len, default="")
        sha256 = digest(longest)
        if sha256 in former or not known.isdisjoint(digests_of(sha256)):
            yield file, row, record


def _entries(
    returned: Reingestion,
    found: Iterable[Located],
    former: dict[str, list[ManifestEntry]],
    wording: Replacements,
) -> Iterator[ManifestEntry]:
    """Yield what is to be done to the records that came back: the same as before.

    Of a record that was deleted nothing more need be known than that, so this works for a case
    which was erased since.
    """
    snapshot = returned.snapshot
    schema = snapshot.schema
    origin = EntryOrigin(
        snapshot.dataset.name, snapshot.version, schema.id_field, schema.source_field
    )
    deleted = returned.case.tombstones.filter(op=Op.DELETE).values_list("digest", flat=True)
    known_to_go = {bytes(one) for one in deleted}
    for file, row, record in found:
        blank = RequestedChange(
            Op.DELETE,
            file,
            record.get(schema.id_field),
            "",
            case_pseudonym=str(returned.case.pseudonym),
        )
        changes = [
            change
            for field in schema.text_fields
            for change in _changes(
                record.get(field), replace(blank, field=field), former, known_to_go
            )
        ]
        yield from entries_of_record(row, record, changes, origin, wording)


def _located(returned: Reingestion) -> Iterator[Located]:
    """Yield the records that came back."""
    snapshot = returned.snapshot
    if not snapshot.traits.has_files:
        yield from as_table(snapshot).located({row for _table, row in returned.places})
        return
    rows: dict[str, set[int]] = defaultdict(set)
    for file, row in returned.places:
        rows[file].add(row)
    for known, source in sources_of(snapshot):
        if source.file in rows:
            for row, _position, record in known.records(source, snapshot.schema):
                if row in rows[source.file]:
                    yield source.file, row, record


def _changes(
    text: object,
    blank: RequestedChange,
    former: dict[str, list[ManifestEntry]],
    known_to_go: set[bytes],
) -> list[RequestedChange]:
    """Return what is to be done to one text; `blank` deletes its record."""
    if not isinstance(text, str):
        return []
    sha256 = digest(text)
    if not known_to_go.isdisjoint(digests_of(sha256)):
        return [blank]
    return [
        replace(
            blank,
            op=entry.op,
            start=entry.start or 0,
            end=entry.end or 0,
            replacement_ref=entry.replacement_ref,
        )
        for entry in former.get(sha256, ())
        if entry.field == blank.field
    ]


_AT_ONCE = 5000
# The places in the order of the snapshot, each once however many of its texts came back.
Returned = dict[UUID, dict[ReappearedPlace, None]]


def find_reingested(snapshot_id: int | str) -> int:
    """Look in a snapshot for what was taken out of others; return how many cases came back.

    A return is an event of its case and stands in a list for the data stewards.
    """
    with advisory_lock(GUARD, str(snapshot_id)) as free:
        snapshot = Snapshot.objects.filter(pk=snapshot_id, state=Snapshot.State.READABLE).first()
        if not free or snapshot is None:
            return 0
        found = _buried_in(snapshot) if Tombstone.objects.exists() else {}
        for case_id, places in found.items():
            record_reingestion(case_id, snapshot, list(places))
        GuardedSnapshot.objects.get_or_create(snapshot=snapshot)
        return len(found)


def _buried_in(snapshot: Snapshot) -> Returned:
    found: Returned = defaultdict(dict)
    batch: list[tuple[bytes, ReappearedPlace]] = []
    for text, place in _texts_of(snapshot):
        batch += [(hashed, place) for hashed in digests_of(digest(text))]
        if len(batch) >= _AT_ONCE:
            _add(found, batch)
            batch = []
    _add(found, batch)
    return found


def _texts_of(snapshot: Snapshot) -> Iterator[tuple[str, ReappearedPlace]]:
    """Yield the texts with their places: a row of a file has a number, one of a table its id."""
    schema, numbered = snapshot.schema, snapshot.traits.has_files
    for known, source in sources_of(snapshot):
        for row, _position, record in known.records(source, schema):
            place = source.file, row if numbered else str(record.get(schema.id_field))
            for field in schema.text_fields:
                text = record.get(field)
                if isinstance(text, str) and text:
                    yield text, place


def _add(found: Returned, texts: list[tuple[bytes, ReappearedPlace]]) -> None:
    """Add the places of those texts that were taken out, for each case that asked for it."""
    places: dict[bytes, list[ReappearedPlace]] = defaultdict(list)
    for hashed, place in texts:
        places[hashed].append(place)
    buried = Tombstone.objects.filter(digest__in=list(places)).values_list("case_id", "digest")
    for case_id, stored in buried:
        found[case_id] |= dict.fromkeys(places[bytes(stored)])
