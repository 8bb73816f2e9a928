"""Reminders, escalation and lateness of requests."""

from datetime import datetime
from typing import Any

from workflows.cases.actors import SYSTEM
from workflows.cases.lifecycle import OPEN, Action
from workflows.cases.models import Case, Clock
from workflows.cases.sweep import Step, sweep
from workflows.cases.transition import advance
from workflows.notices.services import enqueue_notice
from workflows.outbox.services import enqueue

_ACTIONS = {Step.REMIND: Action.REMIND, Step.LATE: Action.MARK_LATE}


def sweep_clocks(now: datetime | None = None, limit: int = 500) -> int:
    """Remind of the requests whose time runs out, and mark those late whose time is over."""
    return sweep(Clock, _take, now, limit)


def _take(clock: Clock, step: Step, facts: dict[str, Any]) -> bool:
    case = Case.objects.select_related("data_key").get(pk=clock.case_id)
    if case.state not in OPEN:
        return False
    advance(case, _ACTIONS[step], SYSTEM, facts=facts)
    if clock.leads:
        enqueue(
            "routing.notify_team",
            key=f"routing.{step}:{clock.pk}:{clock.reminders}:{clock.due_on}",
            payload={"case": str(case.pk), "notice": str(step)},
        )
    if clock.leads and step == Step.LATE:
        enqueue_notice(
            case,
            "lateness",
            key=f"lateness:{clock.pk}:{clock.due_on}",
            clock=clock.pk,
            regime=clock.regime,
        )
    return True
