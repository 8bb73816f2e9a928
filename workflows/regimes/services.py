"""The interface of this package: regimes, deadlines and their explanation, notices of days off.

Rules come from files; only the announced working days come from the database.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from workflows.regimes.calendar_store import calendar_for, save_holiday_notice, stored_notices
from workflows.regimes.calendars import HolidayNotice, build_calendar, has_moved_days
from workflows.regimes.deadlines.calculator import calculate
from workflows.regimes.deadlines.values import (
    Calendar,
    ClockEvent,
    ClockRule,
    Deadline,
    ItemDate,
)
from workflows.regimes.explain import explain
from workflows.regimes.registry import (
    UnknownRegimeError,
    all_regimes,
    coming_changes,
    get_regime,
)
from workflows.regimes.rules.regime import Regime, UnknownClockError

__all__ = [
    "NoticeSource",
    "UnknownClockError",
    "UnknownRegimeError",
    "all_regimes",
    "calculate_at",
    "calendar_for",
    "coming_changes",
    "compute",
    "compute_all",
    "deadlines_at",
    "earliest",
    "explain",
    "get_regime",
    "moving_events",
    "save_holiday_notice",
    "years_needed",
]

# Where the announced days come from: the table, or the files that are shipped.
NoticeSource = Callable[[Iterable[str]], Sequence[HolidayNotice]]

_MONTHS_A_YEAR = 12
_SHORTEST_YEAR = 200
_NEVER = datetime.max.replace(tzinfo=UTC)


def deadlines_at(
    regime: Regime,
    kinds: Iterable[str],
    events: Sequence[ClockEvent],
    residence: str,
    notices: NoticeSource,
    *,
    item_kinds: Sequence[str] = (),
) -> dict[str, Deadline]:
    """Return the deadline of each clock kind; `notices` is asked once.

    `item_kinds` are the kinds of item that are asked for. Pauses and fees hold for some kinds
    alone: a clock is counted for each kind that it answers, the earliest day is its deadline, and
    where the days differ `Deadline.by_item` holds them all. Without kinds every pause counts.
    Raises UnknownClockError for a kind that the regime does not have.
    """
    place = regime.place(residence)
    rules = [regime.clock(kind).rule for kind in kinds]
    regions = {place.calendar} | {rule.arguable.calendar for rule in rules} - {""}
    announced = notices(regions)
    return {
        rule.kind: earliest(
            {
                answered: calculate_at(each, moving, place.calendar, place.zone, announced)
                for (each, moving), answered in _counts(regime, rule, events, item_kinds).items()
            }
        )
        for rule in rules
    }


def calculate_at(
    rule: ClockRule,
    events: Sequence[ClockEvent],
    region: str,
    zone: str,
    announced: Sequence[HolidayNotice],
) -> Deadline:
    """Return the deadline of one rule by the calendar of a region.

    The generous reading takes the calendar that the rule names for it, or the region's own with
    the days that a government has moved off work there.
    """
    first, last = years_needed(rule, events)
    arguable: Calendar | None = None
    if rule.arguable.calendar:
        arguable = build_calendar(rule.arguable.calendar, first, last, announced)
    elif has_moved_days(region):
        arguable = build_calendar(region, first, last, announced, moved_days=True)
    calendar = build_calendar(region, first, last, announced)
    return calculate(rule, events, calendar, zone, arguable_calendar=arguable)


_Count = tuple[ClockRule, tuple[ClockEvent, ...]]


def _counts(
    regime: Regime, rule: ClockRule, events: Sequence[ClockEvent], item_kinds: Sequence[str]
) -> dict[_Count, tuple[str, ...]]:
    """Return each rule and the events that one clock is counted by, with the kinds it is for."""
    counts: dict[_Count, tuple[str, ...]] = {}
    for kind in _answered_by(regime, rule.kind, item_kinds):
        count = rule.for_item(kind), moving_events(regime, kind, events)
        counts[count] = (*counts.get(count, ()), kind)
    return counts or {(rule, tuple(events)): ()}


def _answered_by(regime: Regime, clock: str, item_kinds: Sequence[str]) -> tuple[str, ...]:
    """Return those of the kinds that a clock answers; a clock that answers none holds for all."""
    own = {kind: item.clock for kind in item_kinds if (item := regime.item(kind)) is not None}
    answered = tuple(kind for kind in item_kinds if own.get(kind, regime.lead) == clock)
    return tuple(dict.fromkeys(answered or item_kinds))


def moving_events(
    regime: Regime, kind: str, events: Sequence[ClockEvent]
) -> tuple[ClockEvent, ...]:
    """Return the events without those of a fee, where nobody may charge for items of this kind."""
    charged = kind in regime.fee.chargeable
    return tuple(event for event in events if charged or not event.name.startswith("fee_"))


def earliest(deadlines: dict[tuple[str, ...], Deadline]) -> Deadline:
    """Return the deadline that ends first, with the days of all kinds where they differ."""
    ordered = sorted(deadlines.items(), key=lambda each: _end(each[1]))
    earliest = ordered[0][1]
    by_item = tuple(
        ItemDate(kinds, each.lead_on, each.paused, each.provisional) for kinds, each in ordered
    )
    if len({(each.on, each.paused) for each in by_item}) == 1:
        return earliest
    return replace(earliest, by_item=by_item)


def _end(deadline: Deadline) -> tuple[datetime, bool]:
    """Return what deadlines are ordered by; of two on one day the one that stands still is last."""
    return deadline.lead_before or _NEVER, deadline.paused


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


def compute(
    regime: Regime,
    clock_kind: str,
    events: Iterable[ClockEvent],
    residence: str,
    *,
    item_kinds: Iterable[str] = (),
) -> Deadline:
    """Return the deadline of one clock for a person who lives at `residence`.

    `item_kinds` as in `deadlines_at`. An unknown residence is reckoned at the default place of the
    regime, whose calendar has no day off that another place of it lacks. Raises UnknownClockError.
    """
    return compute_all(regime, events, residence, [clock_kind], item_kinds=item_kinds)[clock_kind]


def compute_all(
    regime: Regime,
    events: Iterable[ClockEvent],
    residence: str,
    kinds: Iterable[str],
    *,
    item_kinds: Iterable[str] = (),
    notices: NoticeSource = stored_notices,
) -> dict[str, Deadline]:
    """Return the deadlines of several clocks by kind, with one query for all of them.

    `item_kinds` and `notices` as in `deadlines_at`.
    """
    return deadlines_at(
        regime, kinds, tuple(events), residence, notices, item_kinds=tuple(item_kinds)
    )
