"""Reminders and lateness: takes the clocks of one table that are due to be looked at.

Any number of sweeps may run at once: the case of a clock is taken with SKIP LOCKED, and each step
moves the clock's `check_at` on in the same transaction that appends its event. A step belongs to
a part of the time, not to an instant, so a host whose time jumps repeats none.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from workflows.cases.clocks import REMINDERS, next_check
from workflows.cases.models import BaseClock, Case


class Step(StrEnum):
    """What the sweep found a clock due for."""

    REMIND = "remind"
    LATE = "late"


C = TypeVar("C", bound=BaseClock)
# Records one step with the facts of its event; False when nothing waits for the clock any more.
Take = Callable[[C, Step, dict[str, Any]], bool]


def sweep(model: type[C], take: Take[C], now: datetime | None = None, limit: int = 500) -> int:
    """Take one step for each clock that is due one; return how many steps were taken.

    Costs what the due clocks cost, whatever the number of clocks: they are found by an index.
    A case that somebody is working on at this moment is left for the next sweep.
    """
    now = now or timezone.now()
    clocks = model._default_manager  # noqa: SLF001 - Django documents it as its API
    due = clocks.filter(check_at__lte=now).order_by("check_at")
    taken = 0
    for pk, case_id in due.values_list("pk", "case_id")[:limit]:
        with transaction.atomic():
            # The case before the clock, in the order in which the moves lock them.
            free = Case.objects.select_for_update(skip_locked=True, no_key=True)
            if not free.filter(pk=case_id).exists():
                continue
            clock = clocks.select_for_update().filter(pk=pk, check_at__lte=now).first()
            if clock is not None:
                _step(clock, take, now)
                taken += 1
    return taken


def _step(clock: C, take: Take[C], now: datetime) -> None:
    """Remind or mark late, once, and say when to look at the clock again."""
    facts: dict[str, Any] = {
        "clock": clock.kind,
        "regime": clock.regime,
        "due_on": str(clock.due_on),
    }
    if clock.due_at is None:
        clock.check_at = None
    elif now >= clock.due_at:
        if take(clock, Step.LATE, facts):
            clock.state = BaseClock.State.MISSED
        clock.check_at = None
    else:
        facts["percent"] = round(REMINDERS[clock.reminders] * 100)
        clock.reminders += 1
        clock.check_at = next_check(clock) if take(clock, Step.REMIND, facts) else None
    clock.save(update_fields=["state", "check_at", "reminders"])
