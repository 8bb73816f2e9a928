"""The values a deadline is reckoned from and the value that comes out; no Django, no I/O.

Days are `datetime.date` in the zone of the regime; instants are aware `datetime.datetime`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from workflows.common.languages import in_language

Unit = Literal["days", "working_days", "months"]
Confirmed = Literal["found", "partly", "memory"]
Binding = Literal["statute", "standard", "promise"]
Counting = Literal["both_ends", "difference"]
EventName = Literal[
    "received",
    "identity_asked",
    "identity_proved",
    "identity_waived",
    "clarification_asked",
    "clarification_answered",
    "clarification_waived",
    "fee_asked",
    "fee_paid",
    "fee_waived",
    "extension_told",
    "answered",
]
EVENT_NAMES: frozenset[str] = frozenset(get_args(EventName))

_DAYS_OF_WEEK = 7


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule stands, in Chinese, in English and in `others`, and how far we have read it.

    `confirmed`: `found` = read in the source named; `partly` = part read, part from memory;
    `memory` = not confirmed. `source` says where it was read.
    """

    zh: str
    en: str
    confirmed: Confirmed
    source: str = ""
    url: str = ""
    others: Mapping[str, str] = field(default_factory=dict, hash=False)

    def in_language(self, language: str) -> str:
        """Return the citation in a language, or in English where it was not translated."""
        return in_language({**self.others, "zh": self.zh, "en": self.en}, language)


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """Something that happened to a request and may move a clock; `at` is an aware instant."""

    name: EventName
    at: datetime

    def __post_init__(self) -> None:
        if self.name not in EVENT_NAMES:
            raise ValueError(f"{self.name!r} is not a clock event.")
        if self.at.utcoffset() is None:
            raise ValueError(f"The event {self.name} needs an instant with a time zone.")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of one place.

    `weekend` holds weekday numbers (Monday is 0). `extra_working_days` win over the weekend and
    over `days_off`. `official_years` are the years whose days are certain; None means every year.
    `version` says what the calendar was made from, so that a case can name it later.
    """

    name: str
    weekend: frozenset[int] = frozenset({5, 6})
    days_off: frozenset[date] = frozenset()
    extra_working_days: frozenset[date] = frozenset()
    official_years: frozenset[int] | None = None
    version: str = ""

    def __post_init__(self) -> None:
        if not self.weekend < frozenset(range(_DAYS_OF_WEEK)):
            raise ValueError("A week needs at least one working day.")

    def is_working_day(self, day: date) -> bool:
        """Say whether people work on `day`."""
        if day in self.extra_working_days:
            return True
        return day.weekday() not in self.weekend and day not in self.days_off

    def is_official(self, year: int) -> bool:
        """Say whether the days of `year` are certain."""
        return self.official_years is None or year in self.official_years


@dataclass(frozen=True, slots=True)
class PauseRule:
    """A stretch that does not count, from one event to another.

    `both_ends`: the day of asking and the day of answering are both left out.
    `difference`: only the days between the two are added back.
    `items`: the kinds of item for which the time stands still; none means all.
    """

    from_event: EventName
    to_event: EventName
    counting: Counting = "both_ends"
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A number that no statute sets for this clock: a policy, a standard, a stricter reading."""

    name: str
    unit: Unit
    amount: int
    first_day_counted: bool = False


@dataclass(frozen=True, slots=True)
class PublishedPromise:
    """A time limit that the provider has published, with the day it holds from.

    It can only shorten: the clock takes whichever ends first, the law's own count or this one.
    `told`: it is what one person was told before this law was found to apply, on the day `since`.
    It holds for what was received by then, and an extension told before that day is part of it.
    """

    unit: Unit
    amount: int
    since: date
    told: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """How long a clock runs in all, from its start, once an extension was told in time.

    `kind` names the clock that holds the extended rule; `targets` then stand beside it.
    """

    amount: int
    kind: str
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class AlternativeReading:
    """What a more generous reading of the law would allow. It never drives a clock."""

    roll: bool = False
    first_day_not_counted: bool = False
    calendar: str = ""
    pauses: tuple[PauseRule, ...] = ()
    starts: tuple[EventName, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockRule:
    """How one clock is counted, and where the law says so.

    `amount` None: the law gives no number ("timely"); the targets stand beside it.
    `starts`: the clock starts with the latest of these events.
    `roll`: a last day that is not a working day moves to the next one, after a short month was
    cut to its last day.
    """

    kind: str
    unit: Unit
    amount: int | None
    first_day_counted: bool = False
    month_end: Literal["clip"] = "clip"
    roll: bool = False
    starts: tuple[EventName, ...] = ("received",)
    pauses: tuple[PauseRule, ...] = ()
    extension: Extension | None = None
    promise: PublishedPromise | None = None
    binding: Binding = "statute"
    targets: tuple[Target, ...] = ()
    arguable: AlternativeReading = AlternativeReading()
    citations: tuple[Citation, ...] = ()

    def for_item(self, kind: str) -> Self:
        """Return the rule as it holds for items of one kind: without the pauses of others."""
        arguable = replace(self.arguable, pauses=_pauses_of_item(self.arguable.pauses, kind))
        return replace(self, pauses=_pauses_of_item(self.pauses, kind), arguable=arguable)


def _pauses_of_item(pauses: Iterable[PauseRule], kind: str) -> tuple[PauseRule, ...]:
    return tuple(
        replace(pause, items=()) for pause in pauses if not pause.items or kind in pause.items
    )


@dataclass(frozen=True, slots=True)
class CalculationStep:
    """One step of the arithmetic: a code and its figures, rendered by `explain`.

    Days stand as ISO 8601 text, lists of days as tuples of it, so that a step is JSON as it is.
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TargetDate:
    """A date beside the statutory one. `provisional`: its calendar is not yet official."""

    name: str
    unit: Unit
    amount: int
    on: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class ItemDate:
    """The last day for the items of some kinds, where one clock gives them different days."""

    kinds: tuple[str, ...]
    on: date | None
    paused: bool = False
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """The answer of the calculator.

    `due_on`: the last day, certain. While `paused`, the earliest day it can become.
    `provisional_on`: the last day as far as an incomplete calendar tells; then `due_on` is None.
    `ends_before`: the first instant after either of them, in `zone`; in time means before it.
    `latest_arguable`: a later day that some reading supports; for staff, never for the clock.
    `targets`: policy targets and outer standards, the leading one first.
    `by_item`: the days of the kinds of item, the earliest first, where they differ; then this is
    the deadline of the earliest. Else it is empty.
    """

    kind: str
    zone: str
    due_on: date | None = None
    provisional_on: date | None = None
    ends_before: datetime | None = None
    latest_arguable: date | None = None
    statutory: bool = False
    paused: bool = False
    flags: tuple[str, ...] = ()
    targets: tuple[TargetDate, ...] = ()
    steps: tuple[CalculationStep, ...] = ()
    calendar: str = ""
    by_item: tuple[ItemDate, ...] = ()

    @property
    def provisional(self) -> bool:
        """Say whether the date waits for a calendar to become official."""
        return self.provisional_on is not None

    @property
    def target_on(self) -> date | None:
        """Return the leading target, if the rule has one."""
        return self.targets[0].on if self.targets else None

    @property
    def lead_on(self) -> date | None:
        """Return the day to work towards: the certain, else the provisional, else the target."""
        return self.due_on or self.provisional_on or self.target_on

    @property
    def lead_before(self) -> datetime | None:
        """Return the first instant after `lead_on`."""
        if self.lead_on is None:
            return None
        return first_instant_after(self.lead_on, zone=ZoneInfo(self.zone))

    def to_dict(self) -> dict[str, Any]:
        """Return the deadline as JSON-able values; `from_dict` is the inverse."""
        return {
            "kind": self.kind,
            "zone": self.zone,
            "due_on": _iso(self.due_on),
            "provisional_on": _iso(self.provisional_on),
            "ends_before": _iso(self.ends_before),
            "latest_arguable": _iso(self.latest_arguable),
            "statutory": self.statutory,
            "paused": self.paused,
            "flags": list(self.flags),
            "targets": [
                {
                    "name": target.name,
                    "unit": target.unit,
                    "amount": target.amount,
                    "on": target.on.isoformat(),
                    "provisional": target.provisional,
                }
                for target in self.targets
            ],
            "steps": [
                {
                    "code": step.code,
                    "values": {
                        key: list(value) if isinstance(value, tuple) else value
                        for key, value in step.values.items()
                    },
                }
                for step in self.steps
            ],
            "calendar": self.calendar,
            "by_item": [
                {
                    "kinds": list(each.kinds),
                    "on": _iso(each.on),
                    "paused": each.paused,
                    "provisional": each.provisional,
                }
                for each in self.by_item
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Restore what `to_dict` wrote."""
        return cls(
            kind=data["kind"],
            zone=data["zone"],
            due_on=_day(data["due_on"]),
            provisional_on=_day(data["provisional_on"]),
            ends_before=datetime.fromisoformat(data["ends_before"])
            if data["ends_before"]
            else None,
            latest_arguable=_day(data["latest_arguable"]),
            statutory=data["statutory"],
            paused=data["paused"],
            flags=tuple(data["flags"]),
            targets=tuple(
                TargetDate(**{**target, "on": date.fromisoformat(target["on"])})
                for target in data["targets"]
            ),
            steps=tuple(
                CalculationStep(
                    step["code"],
                    {
                        key: tuple(value) if isinstance(value, list) else value
                        for key, value in step["values"].items()
                    },
                )
                for step in data["steps"]
            ),
            calendar=data["calendar"],
            # What was stored before kinds had days of their own has none.
            by_item=tuple(
                ItemDate(**{**each, "kinds": tuple(each["kinds"]), "on": _day(each["on"])})
                for each in data.get("by_item", ())
            ),
        )


def first_instant_after(day: date, *, zone: ZoneInfo) -> datetime:
    """Return the instant at which `day` is over in `zone`, also where clocks skip midnight."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, zone)
    return midnight.astimezone(UTC).astimezone(zone)


def _iso(value: date | datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
