"""Taking back what was approved and is not carried out yet.

A decision may prove impossible, and a person may withdraw the request while it is carried out.
What a pipeline has changed by then stays changed; what waits is not to be changed any more.
"""

from django.db import transaction
from django.utils import timezone

from workflows.accounts.actors import SYSTEM, Actor
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.transition import advance
from workflows.common.inputs import require_text
from workflows.corrections import transition as manifests
from workflows.corrections.lifecycle import Action as ManifestAction
from workflows.corrections.lifecycle import Situation
from workflows.corrections.manifests import ask_for_manifests
from workflows.corrections.models import Instruction, Manifest


def stop_execution(case: Case, actor: Actor, reasons: str) -> None:
    """Send an approved decision back to the review, because it cannot be carried out as it is.

    What is still open of it is taken back at once. Raises `InvalidInput`, `MoveRefused`.
    """
    reasons = require_text(reasons)
    with transaction.atomic():
        # Before the case, in the order in which receipts lock them.
        waiting = _lock_open_manifests(case)
        advance(case, Action.STOP_EXECUTION, actor, contents={"reasons": reasons})
        _take_back(case, waiting)


def take_back(case: Case) -> None:
    """Take back what is not carried out yet of a case that has ended; again does nothing."""
    with transaction.atomic():
        waiting = _lock_open_manifests(case)
        case.refresh_from_db(fields=["state"])
        if case.state != State.EXECUTING:
            _take_back(case, waiting)


def _lock_open_manifests(case: Case) -> list[Manifest]:
    found = Manifest.objects.filter(
        pk__in=Manifest.objects.filter(instructions__item__case=case).values("pk"),
        state=Manifest.State.OPEN,
    )
    return list(found.select_for_update(of=("self",)).order_by("pk"))


def _take_back(case: Case, waiting: list[Manifest]) -> None:
    """Retire the open instructions of a case, and have manifests made anew without it."""
    Instruction.objects.open().filter(item__case=case).update(retired_at=timezone.now())
    for manifest in waiting:
        if manifest.is_current:  # what came back with a new snapshot was carried out before
            continue
        manifests.advance(
            manifest,
            ManifestAction.WITHDRAW,
            SYSTEM,
            situation=Situation(was_taken_back=True),
            facts={"snapshot": manifest.snapshot_id},
        )
        for other in manifests.cases_of(manifest):
            if other.state == State.EXECUTING:
                ask_for_manifests(other)
