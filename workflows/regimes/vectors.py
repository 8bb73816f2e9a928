"""Runs deadline vectors: worked examples that a provider's counsel can keep beside the rules.

The format is JSON: `vectors` holds objects with an instant `received`, a `zone`, a region of
`holidays`, the day `expected` (or null) and its `ends_before`; a vector may carry its own `rule`,
the day its clock starts, pauses, a flag it expects and a `latest_arguable`. Each is reckoned by
the rule it carries and, where the regime and the kind are known, by the regime's own clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from workflows.regimes.calculator import compute
from workflows.regimes.calendars import Notice, build_calendar, is_known_region
from workflows.regimes.deadlines import years_needed
from workflows.regimes.registry import UnknownRegimeError, get_regime
from workflows.regimes.values import (
    ClockEvent,
    ClockRule,
    Counting,
    Deadline,
    EventName,
    PauseRule,
    Unit,
)

_UNITS: dict[str, Unit] = {
    "days": "days",
    "months": "months",
    "business_days": "working_days",
    "working_days": "working_days",
}
_PAUSES: dict[str, tuple[EventName, EventName]] = {
    "identity": ("identity_asked", "identity_proved"),
    "clarification": ("clarification_asked", "clarification_answered"),
    "fee": ("fee_asked", "fee_paid"),
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Vector = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A vector reckoned by one rule. Problems fail it; notes are differences that do not."""

    by: str
    deadline: Deadline
    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out for one vector; `fault` says why it could not be reckoned at all."""

    id: str
    reckonings: tuple[Reckoning, ...] = ()
    fault: str = ""

    @property
    def passed(self) -> bool:
        """Say whether every reckoning gives what the vector expects."""
        return not self.fault and not any(each.problems for each in self.reckonings)

    @property
    def has_notes(self) -> bool:
        """Say whether something differs that is not the due date."""
        return any(each.notes for each in self.reckonings)


def run(vector: Vector, notices: Sequence[Notice]) -> Outcome:
    """Reckon one vector with the announced working days of `notices`."""
    name = str(vector.get("id", "without id"))
    try:
        events = _events(vector)
        rules = list(_rules(vector))
        if not rules:
            return Outcome(name, fault="it carries no rule, and the regime has no such clock")
        return Outcome(name, tuple(_reckon(vector, *rule, events, notices) for rule in rules))
    except (KeyError, TypeError, ValueError, LookupError) as error:
        return Outcome(name, fault=f"it cannot be read: {error!r}")


def calendar_differences(calendars: Mapping[str, Any], notices: Sequence[Notice]) -> Iterator[str]:
    """Hold the calendars in the `meta` of a file against ours; yield one sentence a difference."""
    for region, listed in calendars.items():
        if not is_known_region(region):
            yield f"calendar {region}: not known here"
            continue
        off, extra = _listed_days(listed)
        years = sorted({day.year for day in off | extra})
        calendar = build_calendar(region, years[0], years[-1], notices)
        for day in sorted(off | extra):
            if calendar.is_official(day.year) and calendar.is_working_day(day) != (day in extra):
                ours = "a working day" if calendar.is_working_day(day) else "a day off"
                yield f"calendar {region}: {day} is {ours} here, not in the file"


def _listed_days(listed: Mapping[str, Any]) -> tuple[set[date], set[date]]:
    """Return days off and extra working days of either layout: by year, or in two lists."""
    if "days_off_incl_weekends" in listed:
        off, extra = listed["days_off_incl_weekends"], listed.get("make_up_working_days", [])
    else:
        off, extra = [day for days in listed.values() for day in days], []
    return set(map(date.fromisoformat, off)), set(map(date.fromisoformat, extra))


def _rules(vector: Vector) -> Iterator[tuple[str, ClockRule]]:
    if "rule" in vector:
        yield "the vector's rule", _own_rule(vector)
    try:
        regime = get_regime(vector["regime"])
    except UnknownRegimeError:
        return
    if vector["kind"] in regime.clocks:
        yield f"{regime.code} {regime.version}", regime.clock(vector["kind"]).rule


def _own_rule(vector: Vector) -> ClockRule:
    given = vector["rule"]
    if given.get("month_end", "clip") != "clip":
        raise ValueError(f"month_end {given['month_end']!r} is not known")
    own_start = vector.get("clock_starts") != vector.get("local_receipt_date")
    return ClockRule(
        kind=vector["kind"],
        unit=_UNITS[given["unit"]],
        amount=given["n"],
        first_day_counted=given["first_day_counted"],
        roll=given["roll_to_working_day"],
        starts=("received", "identity_proved", "fee_paid") if own_start else ("received",),
        pauses=tuple(_own_pauses(vector)),
    )


def _own_pauses(vector: Vector) -> Iterator[PauseRule]:
    """Yield the pauses that the vector's rule counts, in the way that gives its `pause_days`."""
    days = vector["rule"].get("pause_days")
    if days is None:
        return
    pauses = vector["pause"]
    differences = sum(
        (date.fromisoformat(each["answered"]) - date.fromisoformat(each["asked"])).days
        for each in pauses
    )
    ways: dict[int, Counting] = {
        differences: "difference",
        differences + len(pauses): "both_ends",
    }
    if days not in ways:
        raise ValueError(f"pause_days {days} does not follow from the pauses")
    for reason in {each["reason"] for each in pauses}:
        yield PauseRule(*_PAUSES[reason], counting=ways[days])


def _events(vector: Vector) -> tuple[ClockEvent, ...]:
    """Return the clock events; days without an hour are taken at noon, never before receipt."""
    zone = ZoneInfo(vector["zone"])
    received = datetime.fromisoformat(vector["received"])
    local = received.astimezone(zone).date()
    if vector.get("local_receipt_date", local.isoformat()) != local.isoformat():
        raise ValueError(f"received is {local} in {zone}, not {vector['local_receipt_date']}")
    # Clocks that run from the answer take the instant of the vector as the answer's.
    events = [ClockEvent("received", received), ClockEvent("answered", received)]

    def at(day: str) -> datetime:
        return max(datetime.combine(date.fromisoformat(day), time(12), zone), received)

    if vector.get("clock_starts", local.isoformat()) != local.isoformat():
        asked, given = _PAUSES["fee" if "fee" in vector.get("clock_event", "") else "identity"]
        events += [
            ClockEvent(asked, at(local.isoformat())),
            ClockEvent(given, at(vector["clock_starts"])),
        ]
    for pause in vector.get("pause", ()):
        asked, given = _PAUSES[pause["reason"]]
        events.append(ClockEvent(asked, at(pause["asked"])))
        if pause.get("answered"):
            events.append(ClockEvent(given, at(pause["answered"])))
    return tuple(events)


def _reckon(
    vector: Vector,
    by: str,
    rule: ClockRule,
    events: Sequence[ClockEvent],
    notices: Sequence[Notice],
) -> Reckoning:
    first, last = years_needed(rule, events)
    arguable = rule.arguable.calendar
    deadline = compute(
        rule,
        events,
        build_calendar(vector["holidays"], first, last, notices),
        vector["zone"],
        arguable_calendar=build_calendar(arguable, first, last, notices) if arguable else None,
    )
    notes = _notes(vector, deadline) if by != "the vector's rule" else ()
    return Reckoning(by, deadline, tuple(_problems(vector, deadline)), tuple(notes))


def _problems(vector: Vector, deadline: Deadline) -> Iterator[str]:
    due = deadline.due_on.isoformat() if deadline.due_on else None
    if due != vector["expected"]:
        yield f"expected {vector['expected'] or 'no date'}, got {due or 'no date'}"
    weekday = vector.get("expected_weekday")
    if weekday and deadline.due_on and weekday != _WEEKDAYS[deadline.due_on.weekday()]:
        yield f"expected a {weekday}, {due} is a {_WEEKDAYS[deadline.due_on.weekday()]}"
    ends = deadline.ends_before.isoformat() if deadline.ends_before else None
    if vector.get("ends_before", ends) != ends:
        yield f"expected the day to end before {vector['ends_before']}, got {ends}"
    flag = vector.get("expect_flag")
    if flag and flag not in deadline.flags:
        yield f"expected the flag {flag}, got {', '.join(deadline.flags) or 'none'}"


def _notes(vector: Vector, deadline: Deadline) -> Iterator[str]:
    """Yield differences in what never drives a clock."""
    latest = deadline.latest_arguable or deadline.due_on or "no date"
    if vector.get("latest_arguable", str(latest)) != str(latest):
        yield f"latest arguable is {vector['latest_arguable']} in the file, {latest} here"
    guess = vector.get("library_guess")
    if guess and guess != str(deadline.provisional_on):
        yield f"the provisional date is {guess} in the file, {deadline.provisional_on} here"
