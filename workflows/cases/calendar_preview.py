"""What a notice of days off would do to the dates of open cases, before it is loaded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from workflows.cases.clocks import clock_kinds
from workflows.cases.lifecycle import OPEN
from workflows.cases.models import Case
from workflows.cases.models.clock import rule_events
from workflows.regimes.calendar_store import stored_notices
from workflows.regimes.calendars import Notice
from workflows.regimes.services import deadlines_at

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


def preview_notice(notice: Notice) -> Preview:
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


def _changes(case: Case, announced: Sequence[Notice]) -> Iterable[MovedDate]:
    [region] = {notice.region for notice in announced}

    def with_notice(regions: Iterable[str]) -> Sequence[Notice]:
        return [*announced, *stored_notices(set(regions) - {region})]

    for code in case.regimes:
        regime = case.regime_of(code)
        events = rule_events(case, regime)
        clocks = {c.kind: c for c in case.clocks.all() if c.regime == code and not c.stopped_at}
        kinds = [kind for kind in clock_kinds(regime, case.kinds) if kind in clocks]
        found = deadlines_at(regime, kinds, events, case.residence, with_notice)
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
