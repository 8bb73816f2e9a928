"""What was taken out and came back with a new snapshot: told to staff, and taken out once more.

The decision of the case still stands, so nobody decides anew: a manifest does to the records that
came back what was done to them before. That is done in `redo_removal`. The state of the case stays
as it is.
"""

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import SYSTEM, Actor
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event
from workflows.common.errors import Refused
from workflows.common.inputs import require_text
from workflows.corrections.lineage import related_versions, tips
from workflows.corrections.manifests import MAKE
from workflows.corrections.models import Manifest, Reingestion
from workflows.corrections.receipts import STEWARDS
from workflows.datasets.models import Snapshot
from workflows.outbox.long_work import enqueue_task, lock_or_retry
from workflows.outbox.services import enqueue
from workflows.vocabulary.roles import Role

AGAIN = "corrections.take_out_again"
# So many places of a case in one snapshot are kept; all are counted.
PLACES_KEPT = 1000
REMARK_LENGTH = 500

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
    how = require_text(how)[:REMARK_LENGTH]
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
    members = related_versions(returned.snapshot)
    if returned.snapshot not in tips(members):
        return _(
            "A newer version was made of this snapshot, or it cannot be read any more. What is "
            "still in the newer one stands in this list by itself."
        )
    if Manifest.objects.filter(snapshot=returned.snapshot, state__in=Manifest.LIVE).exists():
        return _("Another manifest for this snapshot is under way. Wait until it is done.")
    return ""


def abandon_redo_removal(return_id: int | str) -> None:
    """Say that making a manifest never came to an end, so that it can be asked for again."""
    returned = Reingestion.objects.select_related("snapshot").get(pk=return_id)
    lock_or_retry(MAKE, str(related_versions(returned.snapshot)[0].pk))
    reason = _(
        "Making a manifest was tried many times and never came to an end. Look into the log "
        "of the workers, then have it tried again."
    )
    Reingestion.objects.filter(pk=returned.pk, manifest=None).update(remark=reason, asked_at=None)


def _require_steward(actor: Actor) -> None:
    if not actor.roles & STEWARDS:
        raise Refused(_("Only data stewards deal with what came back."))
