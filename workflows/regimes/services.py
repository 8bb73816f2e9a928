"""The interface of this package: regimes, deadlines and their explanation, notices of days off.

Rules come from files; only the announced working days come from the database.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import MAXYEAR, MINYEAR

from workflows.regimes.calendar_store import calendar_for, save_holiday_notice, stored_notices
from workflows.regimes.calendars import HolidayNotice, build_calendar
from workflows.regimes.deadlines.calculator import calculate
from workflows.regimes.deadlines.values import Calendar, ClockEvent, ClockRule, Deadline
from workflows.regimes.explain import explain
from workflows.regimes.registry import (
    UnknownRegimeError,
    all_regimes,
    get_regime,
)
from workflows.regimes.rules.regime import Regime, UnknownClockError

__all__ = [
    "NoticeSource",
    "UnknownClockError",
    "UnknownRegimeError",
    "all_regimes",
    "calendar_for",
    "compute",
    "compute_all",
    "deadlines_at",
    "explain",
    "get_regime",
    "save_holiday_notice",
    "years_needed",
]

# Where the announced days come from: the table, or the files that are shipped.
NoticeSource = Callable[[Iterable[str]], Sequence[HolidayNotice]]

_MONTHS_A_YEAR = 12
_SHORTEST_YEAR = 200


def deadlines_at(
    regime: Regime,
    kinds: Iterable[str],
    events: Sequence[ClockEvent],
    residence: str,
    notices: NoticeSource,
) -> dict[str, Deadline]:
    """Return the deadline of each clock kind; `notices` is asked once.

    Raises UnknownClockError for a kind that the regime does not have.
    """
    place = regime.place(residence)
    rules = [regime.clock(kind).rule for kind in kinds]
    regions = {place.calendar} | {rule.arguable.calendar for rule in rules} - {""}
    announced = notices(regions)
    deadlines = {}
    for rule in rules:
        first, last = years_needed(rule, events)
        arguable = rule.arguable.calendar
        deadlines[rule.kind] = calculate(
            rule,
            events,
            build_calendar(place.calendar, first, last, announced),
            place.zone,
            arguable_calendar=_arguable(arguable, first, last, announced),
        )
    return deadlines


def years_needed(rule: ClockRule, events: Sequence[ClockEvent]) -> tuple[int, int]:
    """Return the first and the last year that a count from these events can touch.

    A year has more than 200 working days everywhere, so a count of them is over by then.
    """
    years = [event.at.year for event in events] or [1]
    counts = [(rule.unit, rule.amount or 0)]
    counts += [(target.unit, target.amount) for target in rule.targets]
    if rule.promise is not None:
        counts.append((rule.promise.unit, rule.promise.amount))
    if rule.extension is not None:
        counts.append((rule.unit, rule.extension.amount))
    length = max(
        amount // (_MONTHS_A_YEAR if unit == "months" else _SHORTEST_YEAR)
        for unit, amount in counts
    )
    # One year to spare on each side: for the zone, for a roll, for what is left of a year.
    return max(min(years) - 1, MINYEAR), min(max(years) + length + 2, MAXYEAR - 1)


def _arguable(
    region: str, first: int, last: int, notices: Sequence[HolidayNotice]
) -> Calendar | None:
    return build_calendar(region, first, last, notices) if region else None


def compute(
    regime: Regime, clock_kind: str, events: Iterable[ClockEvent], residence: str
) -> Deadline:
    """Return the deadline of one clock for a person who lives at `residence`.

    Raises UnknownClockError. An unknown residence is reckoned at the default place of the regime,
    whose calendar has no day off that another place of it lacks.
    """
    return compute_all(regime, events, residence, [clock_kind])[clock_kind]


def compute_all(
    regime: Regime, events: Iterable[ClockEvent], residence: str, kinds: Iterable[str]
) -> dict[str, Deadline]:
    """Return the deadlines of several clocks by kind, with one query for all of them."""
    return deadlines_at(regime, kinds, tuple(events), residence, stored_notices)
