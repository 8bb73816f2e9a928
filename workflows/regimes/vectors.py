"""Runs deadline vectors: worked examples that a provider's counsel can keep beside the rules.

The format is JSON: `vectors` holds objects with an instant `received`, a `zone`, a region of
`holidays`, the day `expected` (or null) and its `ends_before`; a vector may carry its own `rule`,
the day its clock starts, pauses, further `events`, a flag it expects and a `latest_arguable`.
Each is reckoned by the rule it carries and, where the regime and the kind are known, by the
regime's own clock; where the two rules differ, that is a note and the file's own rule decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflows.regimes.calculator import compute
from workflows.regimes.calendars import Notice, build_calendar, is_known_region
from workflows.regimes.deadlines import years_needed
from workflows.regimes.registry import UnknownRegimeError, get_regime
from workflows.regimes.values import ClockEvent, ClockRule, Deadline
from workflows.regimes.vector_reader import (
    Vector,
    differs_from_own,
    events_of,
    own_rule,
    region_of,
)

OWN = "the vector's rule"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


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
        events = events_of(vector)
        rules = list(_rules(vector))
        if not rules:
            return Outcome(name, fault="it carries no rule, and the regime has no such clock")
        return Outcome(name, tuple(_reckon(vector, *rule, events, notices) for rule in rules))
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        return Outcome(name, fault=f"it cannot be read: {error!r}")


def calendar_differences(calendars: Mapping[str, Any], notices: Sequence[Notice]) -> Iterator[str]:
    """Hold the calendars in the `meta` of a file against ours; yield one sentence a difference."""
    for region, listed in calendars.items():
        if not is_known_region(region):
            yield f"calendar {region}: not known here"
            continue
        off, extra = _listed_days(listed)
        if not off | extra:
            continue
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
        off = [day for year, days in listed.items() if str(year).isdecimal() for day in days]
        extra = []
    return set(map(date.fromisoformat, off)), set(map(date.fromisoformat, extra))


def _rules(vector: Vector) -> Iterator[tuple[str, ClockRule]]:
    if "rule" in vector:
        yield OWN, own_rule(vector)
    try:
        regime = get_regime(vector["regime"])
    except UnknownRegimeError:
        return
    if vector["kind"] in regime.clocks:
        yield f"{regime.code} {regime.version}", regime.clock(vector["kind"]).rule


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
        build_calendar(region_of(vector), first, last, notices),
        vector["zone"],
        arguable_calendar=build_calendar(arguable, first, last, notices) if arguable else None,
    )
    problems = tuple(_problems(vector, deadline))
    if by == OWN:
        return Reckoning(by, deadline, problems, ())
    notes = list(_notes(vector, deadline))
    other = differs_from_own(vector, rule) if problems and "rule" in vector else ""
    if other:
        # Another rule comes to another date; the file's own has been held against the date.
        notes.append(f"the rule of {by} differs in {other}: {'; '.join(problems)}")
        problems = ()
    return Reckoning(by, deadline, problems, tuple(notes))


def _problems(vector: Vector, deadline: Deadline) -> Iterator[str]:
    due = deadline.due_on.isoformat() if deadline.due_on else None
    if due != vector["expected"]:
        yield f"expected {vector['expected'] or 'no date'}, got {due or 'no date'}"
    weekday = vector.get("expected_weekday")
    if weekday and deadline.due_on:
        is_on = _WEEKDAYS[deadline.due_on.weekday()]
        if not weekday.startswith(is_on):
            yield f"expected a {weekday}, {due} is a {is_on}"
    ends, found = vector.get("ends_before"), deadline.ends_before
    if ends and (found is None or datetime.fromisoformat(ends) != found):
        yield f"expected the day to end before {ends}, got {found and found.isoformat()}"
    flag = vector.get("expect_flag")
    if flag and flag not in deadline.flags:
        yield f"expected the flag {flag}, got {', '.join(deadline.flags) or 'none'}"


def _notes(vector: Vector, deadline: Deadline) -> Iterator[str]:
    """Yield differences in what never drives a clock."""
    latest = deadline.latest_arguable or deadline.due_on or "no date"
    if (vector.get("latest_arguable") or str(latest)) != str(latest):
        yield f"latest arguable is {vector['latest_arguable']} in the file, {latest} here"
    target = vector.get("target")
    if target and target != str(deadline.target_on):
        yield f"the target is {target} in the file, {deadline.target_on} here"
    guess = vector.get("library_guess")
    if guess and guess != str(deadline.provisional_on):
        yield f"the provisional date is {guess} in the file, {deadline.provisional_on} here"
