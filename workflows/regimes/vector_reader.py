"""Reads one deadline vector: its clock events, its own rule, its zone and its calendar.

Tolerant in form, strict in meaning: what a vector leaves out takes the plain default, and what
contradicts itself is a `ValueError`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from workflows.regimes.counting import DAY, Pause, merge
from workflows.regimes.values import (
    ClockEvent,
    ClockRule,
    Counting,
    EventName,
    Extension,
    PauseRule,
    Unit,
)

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


def region_of(vector: Vector) -> str:
    """Return the region whose working days count; without one only weekends are off."""
    region = vector.get("holidays") or "none"
    # The state's own list in the package is not one of holidays; the safe list stands for it.
    return "US-CA-core" if region == "US-CA" else str(region)


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
    return sum(pause.days for pause in merge(stretches, date.min))


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
