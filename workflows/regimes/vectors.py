"""Runs deadline vectors: worked examples that a provider's counsel can keep beside the rules.

The format is JSON: `vectors` holds objects with an instant `received`, a `zone`, a region of
`holidays`, the day `expected` (or null) and its `ends_before`; a vector may carry its own `rule`,
the day its clock starts, pauses, further `events`, a flag it expects and a `latest_arguable`.
With `item_kinds` it is about items of these kinds, and with `expected_by_item` each has its day.

The law of this portal decides: the regime's own clock, with the rules in force on the day of
receipt, for the kinds of item. Where there is no such law or no such clock then, it gives no date.
The rule that a vector carries is reckoned beside it and must come to the same day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from workflows.regimes.calendars import HolidayNotice, build_calendar, is_known_region
from workflows.regimes.deadlines.counting import DAY, Pause, merge_pauses
from workflows.regimes.deadlines.values import (
    ClockEvent,
    ClockRule,
    Counting,
    Deadline,
    EventName,
    Extension,
    PauseRule,
    Unit,
)
from workflows.regimes.registry import UnknownRegimeError, get_regime, regime_on
from workflows.regimes.rules.reader import RuleFileError
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import calculate_at, earliest, moving_events

Vector = Mapping[str, Any]

# Each unit with how many of ours it is; "business days" are ours of working.
_UNITS: dict[str, tuple[Unit, int]] = {
    "days": ("days", 1),
    "calendar_days": ("days", 1),
    "weeks": ("days", 7),
    "months": ("months", 1),
    "years": ("months", 12),
    "business_days": ("working_days", 1),
    "working_days": ("working_days", 1),
}
PAUSES: dict[str, tuple[EventName, EventName]] = {
    "identity": ("identity_asked", "identity_proved"),
    "clarification": ("clarification_asked", "clarification_answered"),
    "fee": ("fee_asked", "fee_paid"),
}
# Every vector has a receipt and, for clocks that run from it, an answer.
_ALWAYS_THERE = 2
_COUNTINGS: tuple[Counting, ...] = ("both_ends", "difference")

# The package's list of California is not one of holidays: the safe list stands for it. The working
# days of New Zealand's Privacy Act are its own.
_REGIONS = {"US-CA": "US-CA-core", "NZ": "NZ-act"}

OWN_RULE = "the vector's rule"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def region_of(vector: Vector) -> str:
    """Return the region whose working days count; without one only weekends are off."""
    region = str(vector.get("holidays") or "none")
    return _REGIONS.get(region, region)


def events_of(vector: Vector) -> tuple[ClockEvent, ...]:
    """Return the clock events; days without an hour are taken at noon, never before receipt.

    Raises ValueError where the day of receipt is not the one that the vector names.
    """
    zone = ZoneInfo(vector["zone"])
    received = _instant(vector["received"], zone)
    local = received.astimezone(zone).date()
    if (vector.get("local_receipt_date") or local.isoformat()) != local.isoformat():
        raise ValueError(f"received is {local} in {zone}, not {vector['local_receipt_date']}")
    # Clocks that run from the answer take the instant of the vector as the answer's.
    events = [ClockEvent("received", received), ClockEvent("answered", received)]

    def at(text: str) -> datetime:
        return max(_instant(text, zone, time(12)), received)

    started = _day(vector.get("clock_starts"))
    if started is not None and started > local:
        asked, given = PAUSES["fee" if _names_fee(vector) else "identity"]
        events += [
            ClockEvent(asked, received),
            ClockEvent(given, at(started.isoformat())),
        ]
    for pause in pauses_of(vector):
        asked, given = _pause_events(pause)
        events.append(ClockEvent(asked, at(pause["asked"])))
        if pause.get("answered"):
            events.append(ClockEvent(given, at(pause["answered"])))
    for each in vector.get("events") or ():
        events.append(ClockEvent(each["name"], _instant(each["at"], zone, time(12))))
    return tuple(events)


def own_rule(vector: Vector) -> ClockRule:
    """Return the rule that the vector carries."""
    given = vector["rule"]
    unit, factor = _UNITS[given["unit"]]
    if unit == "months" and (given.get("month_end") or "clip") != "clip":
        raise ValueError(f"month_end {given['month_end']!r} is not known")
    amount = given.get("n")
    extended = given.get("extended_n")
    starts_later = vector.get("clock_starts") not in {None, vector.get("local_receipt_date")}
    return ClockRule(
        kind=vector["kind"],
        unit=unit,
        amount=None if amount is None else amount * factor,
        first_day_counted=bool(given.get("first_day_counted")),
        roll=bool(given.get("roll_to_working_day")),
        starts=("received", "identity_proved", "fee_paid") if starts_later else ("received",),
        pauses=tuple(_own_pauses(vector)),
        extension=None if extended is None else Extension(extended * factor, vector["kind"]),
    )


def differs_from_own(vector: Vector, rule: ClockRule) -> str:
    """Return how the vector's own rule is another than `rule`, in words; empty if it is not.

    What starts and what pauses a clock is only compared where the vector tells of such an event.
    """
    own = own_rule(vector)
    parts = ["unit", "amount", "first_day_counted", "roll"]
    if len(events_of(vector)) > _ALWAYS_THERE:
        parts += ["starts", "pauses", "extension"]
    return ", ".join(part for part in parts if getattr(own, part) != getattr(rule, part))


def pauses_of(vector: Vector) -> Sequence[Mapping[str, Any]]:
    """Return the pauses; one may stand alone or in a list."""
    pauses = vector.get("pause") or ()
    return (pauses,) if isinstance(pauses, Mapping) else pauses


def _own_pauses(vector: Vector) -> Iterator[PauseRule]:
    """Yield the pauses that the vector's rule counts, in the way that gives its `pause_days`."""
    days = vector["rule"].get("pause_days")
    pauses = pauses_of(vector)
    if not days:
        return
    reasons = dict.fromkeys(_pause_events(each) for each in pauses)
    for counting in _COUNTINGS:
        if _length(pauses, counting) == days:
            yield from (PauseRule(*events, counting=counting) for events in reasons)
            return
    raise ValueError(f"pause_days {days} does not follow from the pauses")


def _length(pauses: Sequence[Mapping[str, Any]], counting: Counting) -> int:
    """Return how many days the pauses leave out; days in two of them are left out once."""
    last = DAY if counting == "both_ends" else DAY * 0
    stretches = [
        Pause(asked, (_day(pause.get("answered")) or asked) + last)
        for pause in pauses
        if (asked := _day(pause["asked"])) is not None
    ]
    return sum(pause.days for pause in merge_pauses(stretches, date.min))


def _pause_events(pause: Mapping[str, Any]) -> tuple[EventName, EventName]:
    return PAUSES[pause.get("reason") or "clarification"]


def _names_fee(vector: Vector) -> bool:
    text = str(vector.get("clock_event") or "").lower()
    return any(word in text for word in ("fee", "paid", "payment"))


def _day(text: str | None) -> date | None:
    return datetime.fromisoformat(text).date() if text else None


def _instant(text: str, zone: ZoneInfo, hour: time = time(0)) -> datetime:
    """Return an instant; a day without an hour gets `hour`, a time without a zone gets `zone`."""
    value = datetime.fromisoformat(text)
    if len(text) == len("2026-01-31"):
        value = datetime.combine(value.date(), hour)
    return value if value.tzinfo else value.replace(tzinfo=zone)


@dataclass(frozen=True, slots=True)
class VectorRun:
    """A vector reckoned by one rule.

    Problems fail it; notes are differences that fail it only where they are asked to.
    """

    by: str
    deadline: Deadline
    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VectorResult:
    """What came out for one vector; `fault` says why it could not be reckoned at all."""

    id: str
    reckonings: tuple[VectorRun, ...] = ()
    fault: str = ""

    @property
    def passed(self) -> bool:
        """Say whether every reckoning gives what the vector expects."""
        return not self.fault and not any(each.problems for each in self.reckonings)

    @property
    def has_notes(self) -> bool:
        """Say whether something differs that is not the due date."""
        return any(each.notes for each in self.reckonings)


def run(vector: Vector, notices: Sequence[HolidayNotice]) -> VectorResult:
    """Reckon one vector with the announced working days of `notices`.

    Raises RuleFileError where the rules here cannot be read.
    """
    name = str(vector.get("id", "without id"))
    try:
        runs = []
        if "rule" in vector:
            own = own_rule(vector)
            deadline = calculate_at(
                own, events_of(vector), region_of(vector), vector["zone"], notices
            )
            runs.append(VectorRun(OWN_RULE, deadline, tuple(_problems(vector, deadline)), ()))
        runs.append(_by_law(vector, notices))
    except RuleFileError:
        raise
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        return VectorResult(name, fault=f"it cannot be read: {error!r}")
    return VectorResult(name, tuple(runs))


def calendar_differences(
    calendars: Mapping[str, Any], notices: Sequence[HolidayNotice]
) -> Iterator[str]:
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


def _by_law(vector: Vector, notices: Sequence[HolidayNotice]) -> VectorRun:
    """Reckon a vector by the law of this portal, as it is in force on the day of receipt."""
    code, kind = str(vector["regime"]), str(vector["kind"])
    events = events_of(vector)
    try:
        current = get_regime(code)
    except UnknownRegimeError:
        return _without_date(vector, code, f"there is no regime {code} here")
    received = events[0].at.astimezone(ZoneInfo(vector["zone"])).date()
    if not current.validity.holds_on(received):
        return _without_date(vector, code, f"{code} is not in force on {received}")
    regime = regime_on(current, received)
    by = f"{regime.code} {regime.version}"
    asked = [str(each) for each in vector.get("item_kinds") or ()]
    known = [each for each in asked if regime.item(each) is not None]
    if asked and not known:
        return _without_date(vector, by, f"{code} knows no right to {', '.join(asked)}")
    deadlines: dict[tuple[str, ...], Deadline] = {
        (item,): calculate_at(
            rule,
            moving_events(regime, item, events) if item else events,
            region_of(vector),
            vector["zone"],
            notices,
        )
        for item in known or [""]
        if (rule := _rule_for(regime, kind, item)) is not None
    }
    if not deadlines:
        return _without_date(vector, by, f"{code} has no clock {kind}")
    deadline = earliest(deadlines)
    problems = [*_problems(vector, deadline), *_item_problems(vector, deadlines)]
    notes = list(_notes(vector, deadline))
    if problems and "rule" in vector:
        # Say at once why, where the law here is another than the one the file was made for.
        rule = _rule_for(regime, kind, known[0] if known else "")
        differs = differs_from_own(vector, rule) if rule else ""
        if differs:
            problems.append(f"the rule here differs in {differs}")
    return VectorRun(by, deadline, tuple(problems), tuple(notes))


def _without_date(vector: Vector, by: str, why: str) -> VectorRun:
    """Return what a law that does not count comes to: no date, which the vector must expect."""
    deadline = Deadline(kind=str(vector["kind"]), zone=vector["zone"])
    expected = vector["expected"]
    problems = (f"expected {expected}, got no date: {why}",) if expected else ()
    return VectorRun(by, deadline, problems, ())


def _rule_for(regime: Regime, kind: str, item: str) -> ClockRule | None:
    """Return the rule that a clock has for items of one kind; None where there is no such clock.

    An item with a clock of its own has it in place of the leading one, and in place of the
    leading one's extension its own. The empty kind stands for any.
    """
    lead = regime.clock(regime.lead).rule
    rule_of_item = regime.item(item)
    own = regime.clock(rule_of_item.clock).rule if rule_of_item else lead
    found: str | None = kind
    if kind == regime.lead:
        found = own.kind
    elif lead.extension is not None and kind == lead.extension.kind:
        found = own.extension.kind if own.extension else None
    if found is None or found not in regime.clocks:
        return None
    rule = regime.clock(found).rule
    return rule.for_item(item) if item else rule


def _item_problems(vector: Vector, deadlines: Mapping[tuple[str, ...], Deadline]) -> Iterator[str]:
    """Yield for which kinds of item the day is another than expected."""
    found = {item: deadline.due_on for kinds, deadline in deadlines.items() for item in kinds}
    for item, expected in (vector.get("expected_by_item") or {}).items():
        due = found.get(item)
        if (due and due.isoformat()) != expected:
            yield f"expected {expected or 'no date'} for {item}, got {due or 'no date'}"


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
