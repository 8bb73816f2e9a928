"""Reads the clocks of a rule file."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import cast, get_args

from workflows.regimes.calendars import is_known_region
from workflows.regimes.deadlines.values import (
    EVENT_NAMES,
    AlternativeReading,
    Binding,
    Citation,
    ClockRule,
    Counting,
    EventName,
    Extension,
    PauseRule,
    PublishedPromise,
    Target,
    Unit,
)
from workflows.regimes.rules.elements import ITEM_KINDS, TARGET_NAMES, Clock, LocalizedText
from workflows.regimes.rules.reader import Table

EVENTS = tuple(sorted(EVENT_NAMES))
_STARTS = ("received", "identity_proved", "fee_paid", "answered")

Cited = Callable[[Table], tuple[Citation, ...]]


def read_text(table: Table, key: str) -> LocalizedText:
    """Read a sentence that stands in Chinese, in English and perhaps in further languages."""
    each = table.table(key)
    text = LocalizedText(each.text("zh"), each.text("en"), each.translations())
    each.close()
    return text


def read_rationale(table: Table) -> LocalizedText | None:
    """Read why a rule is read as it is, where the file says so; for staff, never for the public."""
    return read_text(table, "rationale") if table.has("rationale") else None


def read_clocks(root: Table, cited: Cited) -> Mapping[str, Clock]:
    """Parse the clocks, then join each extension with the clock that it names."""
    tables = root.tables("clocks")
    extensions = {
        kind: table.choice("extension", ("", *tables), "") for kind, table in tables.items()
    }
    clocks = {kind: _clock(kind, table, cited) for kind, table in tables.items()}
    for kind, extension in extensions.items():
        if extension:
            rule = _extended(clocks[kind].rule, clocks[extension].rule, tables[kind])
            clocks[kind] = replace(clocks[kind], rule=rule)
    return MappingProxyType(clocks)


def _clock(kind: str, table: Table, cited: Cited) -> Clock:
    clock = Clock(
        rule=ClockRule(
            kind=kind,
            unit=cast(Unit, table.choice("unit", get_args(Unit))),
            amount=table.whole("amount") if table.has("amount") else None,
            first_day_counted=table.flag("first_day_counted", default=False),
            roll=table.flag("roll", default=False),
            starts=_events(table, "starts", _STARTS, ("received",)),
            pauses=_pauses(table),
            promise=_promise(table),
            binding=cast(Binding, table.choice("binding", get_args(Binding), "statute")),
            targets=tuple(_target(each) for each in table.list_of_tables("targets")),
            arguable=_arguable(table),
            citations=cited(table),
        ),
        name=read_text(table, "name"),
        text=read_text(table, "text"),
        rationale=read_rationale(table),
    )
    table.close()
    return clock


def _extended(rule: ClockRule, longer: ClockRule, table: Table) -> ClockRule:
    """Give `rule` the amount of `longer`, which must differ in nothing but its length."""
    if longer.amount is None or rule.amount is None or longer.amount <= rule.amount:
        raise table.fail(f"{longer.kind} must have a larger amount", "extension")
    if (
        replace(
            longer,
            kind=rule.kind,
            amount=rule.amount,
            targets=rule.targets,
            promise=rule.promise,
            citations=rule.citations,
        )
        != rule
    ):
        raise table.fail(f"{longer.kind} must be counted like this clock", "extension")
    return replace(rule, extension=Extension(longer.amount, longer.kind, longer.targets))


def _events(
    table: Table, key: str, options: tuple[str, ...], default: tuple[str, ...]
) -> tuple[EventName, ...]:
    return cast(tuple[EventName, ...], table.choices(key, options, default))


def _pauses(table: Table) -> tuple[PauseRule, ...]:
    pauses = []
    for each in table.list_of_tables("pauses"):
        pauses.append(
            PauseRule(
                from_event=cast(EventName, each.choice("from", EVENTS)),
                to_event=cast(EventName, each.choice("to", EVENTS)),
                counting=cast(Counting, each.choice("counting", get_args(Counting))),
                items=each.choices("items", ITEM_KINDS, ()),
            )
        )
        each.close()
    return tuple(pauses)


def _target(table: Table) -> Target:
    target = Target(
        name=table.choice("name", TARGET_NAMES),
        unit=cast(Unit, table.choice("unit", get_args(Unit))),
        amount=table.whole("amount"),
        first_day_counted=table.flag("first_day_counted", default=False),
    )
    table.close()
    return target


def _promise(clock: Table) -> PublishedPromise | None:
    if not clock.has("promise"):
        return None
    table = clock.table("promise")
    promise = PublishedPromise(
        unit=cast(Unit, table.choice("unit", ("days", "working_days"))),
        amount=table.whole("amount"),
        since=table.day("since"),
        told=table.flag("told", default=False),
    )
    if promise.amount == 0:
        raise table.fail("must be at least 1", "amount")
    table.close()
    return promise


def _arguable(clock: Table) -> AlternativeReading:
    if not clock.has("arguable"):
        return AlternativeReading()
    table = clock.table("arguable")
    arguable = AlternativeReading(
        roll=table.flag("roll", default=False),
        first_day_not_counted=table.flag("first_day_not_counted", default=False),
        calendar=table.text("calendar", ""),
        pauses=_pauses(table),
        starts=_events(table, "starts", _STARTS, ()),
    )
    if arguable.calendar and not is_known_region(arguable.calendar):
        raise table.fail(f"no calendar is known for {arguable.calendar!r}", "calendar")
    table.close()
    return arguable
