"""What was taken out and came back with a new snapshot: told to staff, and taken out once more.

The decision of the case still stands, so nobody decides anew: a manifest does to the records that
came back what was done to them before. The state of the case stays as it is.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import SYSTEM, Actor
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event
from workflows.common.errors import Refused
from workflows.common.inputs import require_text
from workflows.corpus.edits.resolve import entries_of_record, records
from workflows.corpus.entries import (
    EditRefused,
    Entry,
    EntryOrigin,
    Located,
    ManifestError,
    Op,
    Replacements,
    RequestedChange,
    digest,
)
from workflows.corpus.formats.files import snapshot_files
from workflows.corpus.values import ReadError
from workflows.corrections.buried import digests_of
from workflows.corrections.families import as_table, family, format_of_data, tips
from workflows.corrections.making import MAKE, entries_of, store_manifest
from workflows.corrections.models import Instruction, Manifest, Reingestion
from workflows.corrections.receipts import STEWARDS
from workflows.datasets.models import Snapshot
from workflows.datasets.sources import path_of
from workflows.outbox.long_work import advisory_lock, enqueue_task, lock_or_retry
from workflows.outbox.services import enqueue
from workflows.vault.crypto import Shredded
from workflows.vocabulary.roles import Role

AGAIN = "corrections.take_out_again"
# So many places of a case in one snapshot are kept; all are counted.
PLACES_KEPT = 1000
_REMARK = 500

logger = logging.getLogger(__name__)

# A file and the number of a row in it, or a table and the id of a row.
ReappearedPlace = tuple[str, int | str]


def record_reingestion(case_id: UUID, snapshot: Snapshot, places: list[ReappearedPlace]) -> None:
    """Keep that records of a case came back, tell the log and the team of the case; once.

    `places` name the records, each once.
    """
    with transaction.atomic():
        case = Case.objects.select_related("data_key").get(pk=case_id)
        returned, new = Reingestion.objects.get_or_create(
            case=case,
            snapshot=snapshot,
            defaults={"records": len(places), "places": places[:PLACES_KEPT]},
        )
        if not new:
            return
        facts = {"snapshot": snapshot.pk, "records": len(places)}
        append_case_event(case, "tombstone.returned", role=Role.SYSTEM, facts=facts)
        enqueue(
            "routing.notify_team",
            key=f"corrections.returned:{returned.pk}",
            payload={"case": str(case.pk), "notice": "data_returned"},
        )
    logger.error("Snapshot %s holds what was taken out of others", snapshot.pk)


def open_reingestions(case: Case) -> list[Reingestion]:
    """Return what came back of a case and was not dealt with yet. One query."""
    found = case.returns.filter(resolved_at=None)
    return list(found.select_related("snapshot__dataset", "manifest"))


def resolve_return(returned: Reingestion, actor: Actor, how: str) -> None:
    """Say how it was dealt with what came back, for example that it may be there after all; once.

    The log holds a commitment to `how`; of a case that was erased, no words are kept at all.
    Raises `Refused`, `InvalidInput`.
    """
    _require_steward(actor)
    how = require_text(how)[:_REMARK]
    with transaction.atomic():
        if not _resolve(returned, actor, {"by": "staff"}, remark=how):
            raise Refused(_("This was dealt with already."))


def resolve_with(manifest: Manifest) -> None:
    """Count what came back as dealt with, for the re-scan of its manifest found nothing."""
    for returned in manifest.of_returns.filter(resolved_at=None):
        _resolve(returned, SYSTEM, {"manifest": str(manifest.pk)})


def _resolve(returned: Reingestion, actor: Actor, facts: dict[str, str], remark: str = "") -> bool:
    open_ones = Reingestion.objects.filter(pk=returned.pk, resolved_at=None)
    if not open_ones.update(resolved_at=timezone.now(), remark=remark):
        return False
    erased = Reingestion.objects.filter(pk=returned.pk, case__erased_at__isnull=False)
    words_stay = not erased.update(places=[], remark="")
    append_case_event(
        returned.case,
        "tombstone.resolved",
        role=actor.role_for(STEWARDS) if actor.roles & STEWARDS else actor.role,
        pseudonym=actor.pseudonym,
        facts={"snapshot": returned.snapshot_id, **facts},
        contents={"how": remark} if remark and words_stay else None,
    )
    return True


def enqueue_redo_removal(returned: Reingestion, actor: Actor) -> None:
    """Have a manifest made, in the background, that takes out again what came back.

    Raises `Refused` for those who may not, and while it cannot be made.
    """
    _require_steward(actor)
    with transaction.atomic():
        locked = Reingestion.objects.select_for_update(of=("self",)).get(pk=returned.pk)
        if locked.resolved_at is not None:
            raise Refused(_("This was dealt with already."))
        if redo_in_progress(locked):
            raise Refused(_("A manifest for this is under way."))
        reason = blocking_reason(locked)
        if reason:
            raise Refused(reason)
        locked.asked_at, locked.remark, locked.manifest = timezone.now(), "", None
        locked.save(update_fields=["asked_at", "remark", "manifest"])
        enqueue_task(AGAIN, str(locked.pk), about=f"{locked.pk}:{locked.asked_at.timestamp()}")


def redo_in_progress(returned: Reingestion) -> bool:
    """Return whether a manifest for what came back is being made or waits to be applied."""
    manifest = returned.manifest
    if manifest is None:
        return returned.asked_at is not None and not returned.remark
    return manifest.state in Manifest.LIVE


def blocking_reason(returned: Reingestion) -> str:
    """Return why no manifest can be made now, in a sentence; nothing if one can."""
    members = family(returned.snapshot)
    if returned.snapshot not in tips(members):
        return _(
            "A newer version was made of this snapshot, or it cannot be read any more. What is "
            "still in the newer one stands in this list by itself."
        )
    if Manifest.objects.filter(snapshot=returned.snapshot, state__in=Manifest.LIVE).exists():
        return _("Another manifest for this snapshot is under way. Wait until it is done.")
    return ""


def redo_removal(return_id: int | str) -> Manifest | None:
    """Make the manifest that was asked for, unless another process does; say why where it fails."""
    returned = Reingestion.objects.select_related("case__data_key", "snapshot__dataset").get(
        pk=return_id
    )
    with advisory_lock(MAKE, str(family(returned.snapshot)[0].pk)) as free:
        if not free or returned.resolved_at or returned.manifest_id or not returned.asked_at:
            return None
        reason = blocking_reason(returned)
        if not reason:
            try:
                return _make(returned)
            except (ManifestError, EditRefused, ReadError) as error:
                reason = str(error)
        # Asked again by a person, not by itself: what is in the way does not go by waiting.
        Reingestion.objects.filter(pk=returned.pk).update(remark=reason[:_REMARK], asked_at=None)
        return None


def abandon_redo_removal(return_id: int | str) -> None:
    """Say that making a manifest never came to an end, so that it can be asked for again."""
    returned = Reingestion.objects.select_related("snapshot").get(pk=return_id)
    lock_or_retry(MAKE, str(family(returned.snapshot)[0].pk))
    reason = _(
        "Making a manifest was tried many times and never came to an end. Look into the log "
        "of the workers, then have it tried again."
    )
    Reingestion.objects.filter(pk=returned.pk, manifest=None).update(remark=reason, asked_at=None)


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


def _done_before(case: Case) -> tuple[dict[str, list[Entry]], Replacements]:
    """Return what was done for a case, by the digest of the text; nothing where it was erased."""
    former: dict[str, list[Entry]] = defaultdict(list)
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


def _changed_before(returned: Reingestion, former: dict[str, list[Entry]]) -> Iterator[Located]:
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
    former: dict[str, list[Entry]],
    wording: Replacements,
) -> Iterator[Entry]:
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
    for file, path in snapshot_files(path_of(snapshot)).items():
        known = format_of_data(snapshot, path) if file in rows else None
        for row, record in records(path, known, file) if known else ():
            if row in rows[file]:
                yield file, row, record


def _changes(
    text: object, blank: RequestedChange, former: dict[str, list[Entry]], known_to_go: set[bytes]
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


def _require_steward(actor: Actor) -> None:
    if not actor.roles & STEWARDS:
        raise Refused(_("Only data stewards deal with what came back."))
