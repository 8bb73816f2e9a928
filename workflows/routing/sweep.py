"""Reminders, escalation and lateness: takes the clocks that are due to be looked at.

Any number of sweeps may run at once: the case of a clock is taken with SKIP LOCKED, and each step
moves the clock's `check_at` on in the same transaction that appends its event.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from workflows.cases.actors import SYSTEM
from workflows.cases.clocks import REMINDERS, next_check
from workflows.cases.lifecycle import OPEN, Action
from workflows.cases.models import Case, Clock
from workflows.cases.transition import advance
from workflows.outbox.services import enqueue


def sweep_clocks(now: datetime | None = None, limit: int = 500) -> int:
    """Take one step for each clock that is due one; return how many steps were taken.

    Costs what the due clocks cost, whatever the number of clocks: they are found by an index.
    A case that somebody is working on at this moment is left for the next sweep.
    """
    now = now or timezone.now()
    due = Clock.objects.filter(check_at__lte=now).order_by("check_at")
    taken = 0
    for pk, case_id in due.values_list("pk", "case_id")[:limit]:
        with transaction.atomic():
            # The case before the clock, in the order in which `advance` locks them.
            if not Case.objects.select_for_update(skip_locked=True).filter(pk=case_id).exists():
                continue
            clock = Clock.objects.select_for_update().filter(pk=pk, check_at__lte=now).first()
            if clock is not None:
                _step(clock, now)
                taken += 1
    return taken


def _step(clock: Clock, now: datetime) -> None:
    """Remind or mark late, once, and say when to look at the clock again."""
    case = Case.objects.select_related("data_key").get(pk=clock.case_id)
    if case.state not in OPEN or clock.due_at is None:
        clock.check_at = None
        clock.save(update_fields=["check_at"])
        return
    facts = {"clock": clock.kind, "regime": clock.regime, "due_on": str(clock.due_on)}
    if now >= clock.due_at:
        advance(case, Action.MARK_LATE, SYSTEM, facts=facts)
        clock.state, clock.check_at = Clock.State.MISSED, None
        notice = "late"
    else:
        part = round(REMINDERS[clock.reminders] * 100)
        advance(case, Action.REMIND, SYSTEM, facts={**facts, "percent": part})
        clock.reminders += 1
        clock.check_at = next_check(clock)
        notice = "remind"
    clock.save(update_fields=["state", "check_at", "reminders"])
    if clock.leads:
        enqueue(
            "routing.notify_team",
            key=f"routing.{notice}:{clock.pk}:{clock.reminders}:{clock.due_on}",
            payload={"case": str(case.pk), "notice": notice},
        )
