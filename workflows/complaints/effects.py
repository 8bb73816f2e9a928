"""What follows a commit, or time, in `complaints`: complaints in requests, reminders, lateness."""

from datetime import datetime
from typing import Any

from workflows.accounts.actors import SYSTEM
from workflows.cases.clocks import SweepAction, sweep_due_clocks
from workflows.cases.effects import case_of
from workflows.cases.transition import lock_case
from workflows.complaints.lifecycle import OPEN, Action
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.complaints.services import open_from_request
from workflows.complaints.transition import advance, start_clocks
from workflows.outbox.models import Effect
from workflows.outbox.periodic import periodic
from workflows.outbox.services import effect_handler, enqueue


@effect_handler("complaints.open")
def open_complaint(effect: Effect) -> None:
    """Open the complaint that a request makes, once."""
    open_from_request(case_of(effect))


@effect_handler("complaints.start_clocks")
def start_clocks_of_new_laws(effect: Effect) -> None:
    """Start the clocks of an open complaint under laws that its case has got meanwhile.

    Those that run go on: a day that the person was told stays.
    """
    case = lock_case(case_of(effect))
    for complaint in Complaint.objects.filter(case=case, state__in=OPEN):
        complaint.case = case
        start_clocks(complaint)


_ACTIONS = {SweepAction.REMIND: Action.REMIND, SweepAction.LATE: Action.MARK_LATE}


def sweep_complaints(now: datetime | None = None, limit: int = 500) -> int:
    """Remind of complaints whose time runs out, and mark those late whose time is over."""
    return sweep_due_clocks(ComplaintClock, _take, now, limit)


def _take(clock: ComplaintClock, step: SweepAction, facts: dict[str, Any]) -> bool:
    complaint = Complaint.objects.select_related("case").get(pk=clock.complaint_id)
    if complaint.state not in OPEN:
        return False
    advance(complaint, _ACTIONS[step], SYSTEM, facts=facts)
    enqueue(
        "routing.notify_team",
        key=f"complaints.{step}:{clock.pk}:{clock.reminders}:{clock.due_on}",
        payload={
            "case": str(clock.case_id),
            "notice": f"complaint_{step}",
            "due_on": str(clock.due_on),
        },
    )
    return True


periodic("sweep-clocks", "complaints", "workflows.complaints.effects.sweep_complaints")
