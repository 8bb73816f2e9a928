"""A notice of days off arrives: the clocks that counted without it are derived anew.

Nothing that has ended is touched; a date that moves is an event of its case.
"""

from collections.abc import Iterable
from datetime import date
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from workflows.cases.clocks import (
    apply_deadline,
    further_clock_models,
    further_clocks,
    recompute,
    rederive,
    store_lead,
)
from workflows.cases.lifecycle import OPEN
from workflows.cases.models import BaseClock, Case, Clock
from workflows.cases.record import record_event
from workflows.cases.transition import lock_case
from workflows.outbox.services import enqueue
from workflows.regimes.services import load_notice
from workflows.vocabulary.roles import Role


def take_notice(
    *,
    region: str,
    year: int,
    source: str,
    loaded_by: str,
    days_off: Iterable[date],
    extra_working_days: Iterable[date] = (),
    status: str = "official",
) -> tuple[int, ...]:
    """Store the notice of one year, and have the open cases that it can move derived anew.

    Returns the years whose days changed. `loaded_by` is the pseudonym of a member of staff.
    """
    with transaction.atomic():
        years = load_notice(
            region=region,
            year=year,
            source=source,
            loaded_by=loaded_by,
            days_off=days_off,
            extra_working_days=extra_working_days,
            status=status,
        )
        if years:
            first_day = date(min(years), 1, 1)
            notice = uuid4()
            affected = Case.objects.filter(
                Q(_runs_beyond(Clock, first_day), state__in=OPEN)
                | Q(*(_runs_beyond(m, first_day) for m in further_clock_models()), _connector=Q.OR)
            )
            for pk in affected.values_list("pk", flat=True).iterator(chunk_size=1000):
                enqueue(
                    "cases.recompute",
                    key=f"cases.recompute:{pk}:{notice}",
                    payload={"case": str(pk), "region": region, "year": year},
                )
    return years


def recompute_after_notice(case: Case, region: str, year: int) -> bool:
    """Derive the clocks of one case anew; return whether a date moved, and record it if so."""
    with transaction.atomic():
        locked = lock_case(case)
        before = _dates(locked)
        recompute(locked, reopen=True)
        for clock in further_clocks(locked):
            apply_deadline(clock, rederive(clock), reopen=True)
            clock.save()
        store_lead(locked)
        after = _dates(locked)
        if after == before:
            return False
        record_event(
            locked,
            "clock.recomputed",
            role=Role.SYSTEM,
            facts={"calendar": region, "year": year, "before": before, "after": after},
        )
    return True


def _runs_beyond(model: type[BaseClock], day: date) -> Exists:
    clocks = model._default_manager.filter(case=OuterRef("pk"))  # noqa: SLF001
    return Exists(clocks.filter(stopped_at=None, due_on__gte=day))


def _name(clock: BaseClock) -> str:
    again = f".{clock.round}" if isinstance(clock, Clock) and clock.round else ""
    return f"{clock.regime}.{clock.kind}{again}"


def _dates(case: Case) -> dict[str, str]:
    return {
        _name(clock): f"{clock.due_on}{'/provisional' * clock.provisional}"
        for clock in (*case.clocks.all(), *further_clocks(case))
    }
