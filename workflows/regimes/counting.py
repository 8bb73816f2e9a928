"""Counting days, working days and months on a calendar; pure arithmetic on dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.regimes.values import Calendar, Unit

DAY = timedelta(days=1)
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count: from `first` to the day before `until`.

    `waiting_for` names the event that ends a pause which is still open; such a pause holds the
    days that are certain to be left out whatever happens next.
    """

    first: date
    until: date
    waiting_for: str = ""

    @property
    def days(self) -> int:
        """Return how many days are left out."""
        return (self.until - self.first).days


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The end of a count of working days, and the days a reader may stumble over."""

    end: date
    holidays: tuple[date, ...]
    extra: tuple[date, ...]


def add_months(day: date, months: int) -> date:
    """Return the same day-number `months` later, or the last day of a month that has none.

    Raises OverflowError beyond the year 9999.
    """
    years, month_index = divmod(day.month - 1 + months, _MONTHS)
    year, month = day.year + years, month_index + 1
    if year > date.max.year:
        raise OverflowError("The day lies beyond the calendar.")
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError("Every month has a first day.")


def count_days(start: date, amount: int, *, first_day_counted: bool) -> date:
    """Return the last of `amount` days; the day of the start is day 1 if counted, else day 0."""
    return start + timedelta(days=amount - 1 if first_day_counted and amount else amount)


def count_months(start: date, amount: int, *, first_day_counted: bool) -> date:
    """Return the last day of `amount` months.

    Without the first day it has the day-number of the start; with it, it is the day before.
    A month too short for that day-number ends the period with its own last day.
    """
    end = add_months(start, amount)
    return end - DAY if first_day_counted and amount and end.day == start.day else end


def count_working_days(
    start: date,
    amount: int,
    calendar: Calendar,
    *,
    first_day_counted: bool,
    pauses: Sequence[Pause] = (),
) -> WorkingDays:
    """Return the day of the `amount`-th working day outside the pauses.

    An amount of 0 ends on the start itself.
    """
    day = start - DAY if first_day_counted and amount else start
    holidays, extra = [], []
    while amount:
        day += DAY
        if any(pause.first <= day < pause.until for pause in pauses):
            continue
        weekend = day.weekday() in calendar.weekend
        if calendar.is_working_day(day):
            amount -= 1
            if weekend:
                extra.append(day)
        elif not weekend:
            holidays.append(day)
    return WorkingDays(day, tuple(holidays), tuple(extra))


def count_plain(unit: Unit, start: date, amount: int, *, first_day_counted: bool) -> date:
    """Count days or months, which need no calendar."""
    count = count_months if unit == "months" else count_days
    return count(start, amount, first_day_counted=first_day_counted)


def roll(day: date, calendar: Calendar) -> date:
    """Return `day`, or the first working day after it."""
    while not calendar.is_working_day(day):
        day += DAY
    return day


def merge(pauses: Sequence[Pause], start: date) -> tuple[Pause, ...]:
    """Return the pauses in order, joined where they overlap, without the days before `start`."""
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda each: (each.first, each.until)):
        first = max(pause.first, start)
        until = max(pause.until, first)
        waiting_for = pause.waiting_for
        if until == first and not waiting_for:
            continue
        if merged and first <= merged[-1].until:
            last = merged.pop()
            first, until = last.first, max(last.until, until)
            waiting_for = waiting_for or last.waiting_for
        merged.append(Pause(first, until, waiting_for))
    return tuple(merged)
