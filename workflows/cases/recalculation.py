"""What the law's dates rest on changes: a notice of days off arrives, a limit is published.

The clocks that counted without a notice are derived anew, and its effect can be looked at before.
Nothing that has ended is touched; a date that moves is an event of its case.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.clocks import (
    additional_clock_models,
    additional_clocks,
    clock_kinds,
    recompute,
    rederive_clock,
    save_lead_clock,
    write_deadline,
)
from workflows.cases.lifecycle import OPEN
from workflows.cases.models import BaseClock, Case, Clock
from workflows.cases.models.clock import rule_events
from workflows.cases.transition import append_case_event, lock_case
from workflows.common.errors import InvalidInput
from workflows.ledger.append import append
from workflows.outbox.services import enqueue
from workflows.regimes.calendar_store import stored_notices
from workflows.regimes.calendars import HolidayNotice
from workflows.regimes.limits import InvalidLimit, check_limit, store_limit
from workflows.regimes.rules.regime import UnknownClockError
from workflows.regimes.services import deadlines_at, get_regime, save_holiday_notice
from workflows.vocabulary.roles import Role


def apply_holiday_notice(
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
        years = save_holiday_notice(
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
                | Q(
                    *(_runs_beyond(m, first_day) for m in additional_clock_models()),
                    _connector=Q.OR,
                )
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
        for clock in additional_clocks(locked):
            write_deadline(clock, rederive_clock(clock), reopen=True)
            clock.save()
        save_lead_clock(locked)
        after = _dates(locked)
        if after == before:
            return False
        append_case_event(
            locked,
            "clock.recomputed",
            role=Role.SYSTEM,
            facts={"calendar": region, "year": year, "before": before, "after": after},
        )
    return True


def _runs_beyond(model: type[BaseClock], day: date) -> Exists:
    clocks = model._default_manager.filter(case=OuterRef("pk"))
    return Exists(clocks.filter(stopped_at=None, due_on__gte=day))


def _name(clock: BaseClock) -> str:
    again = f".{clock.round}" if isinstance(clock, Clock) and clock.round else ""
    return f"{clock.regime}.{clock.kind}{again}"


def _dates(case: Case) -> dict[str, str]:
    return {
        _name(clock): f"{clock.due_on}{'/provisional' * clock.provisional}"
        for clock in (*case.clocks.all(), *additional_clocks(case))
    }


# Enough to see what happens; the rest follows the same arithmetic.
CASES_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class MovedDate:
    """A date of an open case that a notice would move, or make certain."""

    number: str
    regime: str
    kind: str
    before: date | None
    after: date | None
    was_provisional: bool
    stays_provisional: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """The dates that would change; `looked_at` cases were reckoned, `more` says whether not all."""

    moved: tuple[MovedDate, ...]
    looked_at: int
    more: bool


def preview_notice(notice: HolidayNotice) -> Preview:
    """Reckon the open cases that the notice can touch with it in place. Changes nothing."""
    days = notice.days_off | notice.extra_working_days
    first = date(min({notice.year, *(day.year for day in days)}), 1, 1)
    affected = (
        Case.objects.filter(state__in=OPEN, clocks__stopped_at=None, clocks__due_on__gte=first)
        .distinct()
        .order_by("due_at", "pk")
        .prefetch_related("clocks", "clock_events")[: CASES_LOOKED_AT + 1]
    )
    cases = list(affected)
    announced = [
        *(each for each in stored_notices([notice.region]) if each.year != notice.year),
        notice,
    ]
    moved = [change for case in cases[:CASES_LOOKED_AT] for change in _changes(case, announced)]
    return Preview(tuple(moved), len(cases[:CASES_LOOKED_AT]), len(cases) > CASES_LOOKED_AT)


def _changes(case: Case, announced: Sequence[HolidayNotice]) -> Iterable[MovedDate]:
    [region] = {notice.region for notice in announced}

    def with_notice(regions: Iterable[str]) -> Sequence[HolidayNotice]:
        return [*announced, *stored_notices(set(regions) - {region})]

    for code in case.applicable_regimes:
        regime = case.regime_of(code)
        events = rule_events(case)
        clocks = {c.kind: c for c in case.clocks.all() if c.regime == code and not c.stopped_at}
        kinds = [kind for kind in clock_kinds(regime, case.kinds) if kind in clocks]
        found = deadlines_at(
            regime, kinds, events, case.residence, with_notice, item_kinds=case.kinds
        )
        for kind, deadline in found.items():
            clock = clocks[kind]
            if (clock.due_on, clock.provisional) != (deadline.lead_on, deadline.provisional):
                yield MovedDate(
                    number=case.number,
                    regime=code,
                    kind=kind,
                    before=clock.due_on,
                    after=deadline.lead_on,
                    was_provisional=clock.provisional,
                    stays_provisional=deadline.provisional,
                )


def publish_limit(
    actor: Actor, *, regime: str, kind: str, unit: str, amount: int, valid_from: date
) -> None:
    """Publish a limit for the cases that are filed from `valid_from` on.

    Earlier cases keep the version of the rules they were filed under. Raises `InvalidInput` for
    a limit that is longer than the law's own, or a day that is over.
    """
    rules = get_regime(regime)
    if valid_from < rules.day_at(timezone.now()):
        raise InvalidInput(_("A limit holds from today at the earliest: the past does not move."))
    try:
        check_limit(rules, kind, unit, amount)
    except (InvalidLimit, UnknownClockError) as refused:
        raise InvalidInput(str(refused)) from refused
    with transaction.atomic():
        store_limit(
            regime=regime,
            kind=kind,
            unit=unit,
            amount=amount,
            valid_from=valid_from,
            published_by=actor.pseudonym,
        )
        append(
            name="limit.published",
            role=Role.PRIVACY_OFFICER,
            actor=actor.pseudonym,
            facts={
                "regime": regime,
                "clock": kind,
                "unit": unit,
                "amount": amount,
                "valid_from": valid_from.isoformat(),
            },
        )
