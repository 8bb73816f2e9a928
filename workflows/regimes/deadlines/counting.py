"""Counting days, working days and months on a calendar; pure arithmetic on dates."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from workflows.regimes.deadlines.values import Calendar, ClockEvent, EventName, PauseRule, Unit

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


def roll_to_working_day(day: date, calendar: Calendar) -> date:
    """Return `day`, or the first working day after it."""
    while not calendar.is_working_day(day):
        day += DAY
    return day


def merge_pauses(pauses: Sequence[Pause], start: date) -> tuple[Pause, ...]:
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


# An answer starts a clock only if its question was put.
_QUESTION_OF: dict[str, EventName] = {"identity_proved": "identity_asked", "fee_paid": "fee_asked"}

# Who goes on without an answer gives its question up.
_GIVEN_UP: dict[str, EventName] = {
    "identity_waived": "identity_asked",
    "clarification_waived": "clarification_asked",
    "fee_waived": "fee_asked",
}
_ANSWERED: dict[str, EventName] = {**_QUESTION_OF, "clarification_answered": "clarification_asked"}


def _without_what_was_given_up(events: Sequence[ClockEvent]) -> Iterator[ClockEvent]:
    """Yield the events, the last first, but for the questions that were given up unanswered."""
    given_up: set[EventName] = set()
    for event in reversed(events):
        if event.name in _GIVEN_UP:
            given_up.add(_GIVEN_UP[event.name])
        elif event.name in _ANSWERED:
            given_up.discard(_ANSWERED[event.name])
        elif event.name in given_up:
            continue
        yield event


@dataclass(frozen=True, slots=True)
class ClockStart:
    """The day a clock starts, the event that set it, and the event still waited for, if any."""

    on: date
    event: str
    waiting_for: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The events of one request; each question is a day in `zone`."""

    events: tuple[ClockEvent, ...]
    zone: ZoneInfo

    @classmethod
    def of(cls, events: Iterable[ClockEvent], zone: str) -> Self:
        """Put `events` in order; `zone` is an IANA name.

        A question that was given up, and a fee that was waived, are as never asked: they neither
        start nor pause anything. The laws let time wait only for what the request needs, and who
        goes on without it did not need it; so no time is gained by asking.
        """
        ordered = sorted(events, key=lambda event: event.at)
        kept = tuple(_without_what_was_given_up(ordered))[::-1]
        return cls(kept, ZoneInfo(zone))

    def instants(self, name: EventName) -> list[datetime]:
        """Return when events of this name happened, the earliest first."""
        return [event.at for event in self.events if event.name == name]

    def day(self, instant: datetime) -> date:
        """Return the day that `instant` falls on here."""
        return instant.astimezone(self.zone).date()

    def start(self, starts: Sequence[EventName]) -> ClockStart:
        """Return the latest of the starting events, and never a day before the receipt.

        While an answer is outstanding, the day of its question stands in for it: the clock
        cannot start earlier. A question after a sufficient answer does not start it again.
        """
        found = [ClockStart(self.day(self.instants("received")[0]), "received")]
        waiting_for = ""
        for name in starts:
            answers = self.instants(name)
            if name not in _QUESTION_OF:
                found.extend(ClockStart(self.day(instant), name) for instant in answers)
                continue
            questions = self.instants(_QUESTION_OF[name])
            if not questions:
                continue
            replies = [instant for instant in answers if instant >= questions[0]]
            if replies:
                found.append(ClockStart(self.day(replies[0]), name))
            else:
                found.append(ClockStart(self.day(questions[0]), _QUESTION_OF[name]))
                waiting_for = waiting_for or name
        latest = max(found, key=lambda start: start.on)
        return ClockStart(latest.on, latest.event, waiting_for)

    def first_questions(self, starts: Sequence[EventName]) -> Iterator[tuple[ClockEvent, Self]]:
        """Yield each first question whose answer can start a clock, with the events before it."""
        asked = {_QUESTION_OF[name] for name in starts if name in _QUESTION_OF}
        for position, event in enumerate(self.events):
            if event.name in asked:
                asked.discard(event.name)
                yield event, replace(self, events=self.events[:position])

    def without(self, name: EventName) -> Self:
        """Return the timeline without the events of this name."""
        return replace(self, events=tuple(e for e in self.events if e.name != name))

    def pauses(self, rules: Sequence[PauseRule], start: date) -> tuple[Pause, ...]:
        """Return the stretches since `start` that the rules leave out, in order."""
        return merge_pauses([pause for rule in rules for pause in self._pauses_of(rule)], start)

    def _pauses_of(self, rule: PauseRule) -> Iterable[Pause]:
        last = DAY if rule.counting == "both_ends" else DAY * 0
        asked: datetime | None = None
        for event in self.events:
            if event.name == rule.from_event:
                asked = asked or event.at
            elif event.name == rule.to_event and asked is not None:
                yield Pause(self.day(asked), self.day(event.at) + last)
                asked = None
        if asked is not None:
            yield Pause(self.day(asked), self.day(asked) + last, rule.to_event)
