"""Clocks of a case: derived from clock events by the calculator, stored for queue and sweep.

The due date is never typed in. `recompute` derives every clock anew from the events and the
snapshot of the rules; what it stores is what `check` must find again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from workflows.cases.lifecycle import OPEN
from workflows.cases.models import BaseClock, Case, Clock, ClockEvent
from workflows.cases.models.clock import Round, current_round, rule_events
from workflows.regimes import services as regimes
from workflows.regimes.calendar_store import stored_notices
from workflows.regimes.deadlines.values import CalculationStep, Deadline
from workflows.regimes.deadlines.values import ClockEvent as RuleEvent
from workflows.regimes.rules.regime import Regime

# Parts of the time after which the team is reminded; the end itself comes after them.
REMINDERS = (0.5, 0.8)


def response_clock_kinds(regime: Regime, kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the clocks by which items of these kinds are to be answered, each once.

    An item has a clock of its own where the law says so, such as the opt-out of California. What
    is complained about has its clocks with the complaint. A right that this law does not know, or
    not yet, has no time under it; where it knows none of them, the leading clock stands for all.
    """
    of_complaints = {regime.complaint, regime.complaint_acknowledge}
    rules = [rule for kind in kinds if (rule := regime.item(kind)) is not None]
    own = [rule.clock for rule in rules if rule.clock not in of_complaints]
    covers_all = bool(own) and len(own) == len(rules)
    return tuple(dict.fromkeys(own if covers_all else [*own, regime.lead]))


def answering_clock_kinds(
    regime: Regime, kinds: Iterable[str], round_number: int
) -> tuple[str, ...]:
    """Return the clocks by which a case is to be answered in one of its rounds.

    An answer that is contested has a time of its own where the law gives one for an appeal.
    """
    if round_number and regime.appeal:
        return (regime.appeal,)
    return response_clock_kinds(regime, kinds)


def clock_kinds(regime: Regime, kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of clock that start when items of these kinds are received."""
    return tuple(
        kind for kind in (regime.acknowledge, *response_clock_kinds(regime, kinds)) if kind
    )


def answer_kind(case: Case, regime: Regime) -> str:
    """Return the clock of a case that ends first of those to answer it under one regime."""
    own = [
        clock
        for clock in case.clocks.all()
        if clock.leads and clock.regime == regime.code and clock.due_at
    ]
    # What was carried over from another case may have gone again, and its clock with it.
    own = [
        clock
        for clock in own
        if clock.kind in answering_clock_kinds(regime, case.kinds, clock.round)
    ]
    # Each time the answer is contested, the clocks start anew; those before it have ended.
    own = [clock for clock in own if clock.round == max(each.round for each in own)]
    if own:
        return min(own, key=lambda clock: clock.due_at or clock.started_at).kind
    return response_clock_kinds(regime, case.kinds)[0]


@dataclass(frozen=True, slots=True)
class FirstClocks:
    """The event and the clocks with which a case begins, which are not stored yet."""

    received: ClockEvent
    clocks: list[Clock]


def first_clocks(case: Case, notices: regimes.NoticeSource) -> FirstClocks:
    """Return the clocks of a case that is about to be filed, and give it the earliest date."""
    received = ClockEvent(case=case, name="received", at=case.filed_at)
    first = Round(0, case.filed_at, (received,))
    clocks = clocks_for(case, derive_deadlines(case, first, notices), {}, first)
    lead = earliest_due(clocks)
    if lead is not None:
        _take_date(case, lead)
    return FirstClocks(received, clocks)


def add_clock_event(case: Case, name: str, at: datetime) -> None:
    """Feed one event to the clocks of a case."""
    ClockEvent.objects.create(case=case, name=name, at=at)
    recompute(case)


def additional_clock_models() -> list[type[BaseClock]]:
    """Return the tables of clocks beside that of requests, which packages above this one keep."""
    return [m for m in apps.get_models() if issubclass(m, BaseClock) and m is not Clock]


def additional_clocks(case: Case) -> list[BaseClock]:
    """Return what still runs about a case beside its request, with what derives it."""
    return [
        clock
        for model in additional_clock_models()
        for clock in model._default_manager.filter(case=case, stopped_at=None)
    ]


def derive_deadlines(
    case: Case, current: Round | None = None, notices: regimes.NoticeSource = stored_notices
) -> dict[tuple[str, str], Deadline]:
    """Return what the calculator makes of the events of this round, by regime and kind of clock.

    Receipt is acknowledged only once: after a contest there are the clocks to answer alone.
    """
    current = current or current_round(case)
    deadlines: dict[tuple[str, str], Deadline] = {}
    for code in case.applicable_regimes:
        regime = case.regime_of(code)
        events = rule_events(case, current)
        kinds = (
            answering_clock_kinds(regime, case.kinds, current.number)
            if current.number
            else clock_kinds(regime, case.kinds)
        )
        computed = regimes.compute_all(
            regime, events, case.residence, kinds, item_kinds=case.kinds, notices=notices
        )
        deadlines.update({(code, kind): deadline for kind, deadline in computed.items()})
    return _told_as_contested(deadlines) if current.number else deadlines


def _told_as_contested(
    deadlines: Mapping[tuple[str, str], Deadline],
) -> dict[tuple[str, str], Deadline]:
    """Let the arithmetic say that what came in is the contest, and not the request."""
    return {
        key: replace(
            deadline,
            steps=tuple(
                CalculationStep("contested", step.values) if step.code == "received" else step
                for step in deadline.steps
            ),
        )
        for key, deadline in deadlines.items()
    }


def clocks_for(
    case: Case,
    deadlines: Mapping[tuple[str, str], Deadline],
    existing: Mapping[tuple[str, str], Clock],
    current: Round,
    *,
    reopen: bool = False,
) -> list[Clock]:
    """Return the clocks of a case with these deadlines, not stored; what has stopped stays."""
    clocks = []
    for (code, kind), deadline in deadlines.items():
        clock = existing.get((code, kind)) or Clock(
            case=case,
            regime=code,
            kind=kind,
            leads=kind in answering_clock_kinds(case.regime_of(code), case.kinds, current.number),
            round=current.number,
            started_at=current.began_at,
        )
        if clock.stopped_at is None:
            write_deadline(clock, deadline, reopen=reopen)
        clocks.append(clock)
    return clocks


def recompute(case: Case, *, reopen: bool = False) -> None:
    """Derive every clock that still runs, store it, and store the earliest date with the case.

    Those that ended with a case which goes on again run on, for their time has run all along: one
    whose end has passed meanwhile is found late by the sweep. With `reopen` a missed clock whose
    date comes to lie ahead runs again: only a notice of days off may do that, for nothing that
    anybody does makes an answer timely that was owed before.
    """
    current = current_round(case)
    existing = {(c.regime, c.kind): c for c in case.clocks.all() if c.round == current.number}
    derived = derive_deadlines(case, current)
    if case.state in OPEN:
        _end_or_resume(existing, derived)
    fresh = clocks_for(case, derived, existing, current, reopen=reopen)
    Clock.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["case", "regime", "kind", "round"],
        update_fields=[
            "state",
            "due_on",
            "due_at",
            "latest_arguable",
            "provisional",
            "deadline",
            "check_at",
        ],
    )
    save_lead_clock(case, fresh)


def _end_or_resume(
    existing: Mapping[tuple[str, str], Clock], derived: Collection[tuple[str, str]]
) -> None:
    """End the clocks of what is asked for no more, and resume those of what is asked for again.

    What a duplicate asked for may be taken out of a case again, and a case that has ended reopened.
    """
    for key, clock in existing.items():
        if key not in derived and clock.stopped_at is None:
            stop_clock(clock, timezone.now(), met=False)
        elif key in derived and clock.stopped_at is not None and not clock.answered:
            clock.stopped_at = None
            if clock.state == Clock.State.STOPPED:
                clock.state = Clock.State.RUNNING
            clock.save(update_fields=["state", "stopped_at"])


def rederive_clock(clock: BaseClock) -> Deadline:
    """Return what the calculator makes of the events of one clock."""
    case = clock.case
    regime = case.regime_of(clock.regime)
    return regimes.compute(
        regime, clock.kind, clock.rule_events(), case.residence, item_kinds=case.kinds
    )


def earliest_due(clocks: Iterable[BaseClock]) -> BaseClock | None:
    """Return the running clock that leads: of the leading clocks the one that ends first."""
    dated = [(c.due_at, c) for c in clocks if c.leads and c.due_at and c.stopped_at is None]
    return min(dated, key=lambda pair: pair[0])[1] if dated else None


def lead_clock(case: Case) -> Clock | None:
    """Return the clock of the request that leads now, as it is stored."""
    found = earliest_due(case.clocks.all())
    return found if isinstance(found, Clock) else None


def lead_of_case(case: Case, clocks: Iterable[BaseClock]) -> BaseClock | None:
    """Return the clock that sets the date of a case with these clocks of its request.

    Where the request has none that is dated, that of a complaint may lead.
    """
    lead = earliest_due(clocks)
    if lead is None and case.state in OPEN:
        lead = earliest_due(additional_clocks(case))
    return lead


def save_lead_clock(case: Case, clocks: Iterable[BaseClock] | None = None) -> None:
    """Store the date of the leading clock with the case; without one the last date stays."""
    lead = lead_of_case(case, case.clocks.all() if clocks is None else clocks)
    if lead is not None:
        _take_date(case, lead)
        case.save(update_fields=["due_on", "due_at", "due_provisional"])


def _take_date(case: Case, lead: BaseClock) -> None:
    case.due_at, case.due_on, case.due_provisional = lead.due_at, lead.due_on, lead.provisional


def write_deadline(clock: BaseClock, deadline: Deadline, *, reopen: bool = False) -> None:
    """Write a derived deadline into its clock; `reopen` as in `recompute`."""
    clock.due_on = deadline.lead_on
    clock.due_at = deadline.lead_before
    clock.latest_arguable = deadline.latest_arguable
    clock.provisional = deadline.provisional
    clock.deadline = deadline.to_dict()
    if clock.state != Clock.State.MISSED:
        clock.state = (
            Clock.State.PAUSED
            if deadline.paused
            else Clock.State.UNLIMITED
            if clock.due_at is None
            else Clock.State.RUNNING
        )
    elif reopen and clock.due_at is not None and clock.due_at > timezone.now():
        clock.state = Clock.State.RUNNING
    clock.check_at = next_reminder_at(clock)


def next_reminder_at(clock: BaseClock) -> datetime | None:
    """Return when the sweep must look at a clock next: at a reminder, at the end, or never."""
    if clock.state != Clock.State.RUNNING or clock.due_at is None:
        return None
    if clock.reminders < len(REMINDERS):
        return clock.started_at + (clock.due_at - clock.started_at) * REMINDERS[clock.reminders]
    return clock.due_at


def stop_clocks(case: Case, at: datetime, *, answered: bool) -> None:
    """Stop what still runs: answered in time is met, answered late stays missed."""
    for clock in case.clocks.filter(stopped_at=None):
        stop_clock(clock, at, met=answered)


def stop_clock(clock: BaseClock, at: datetime, *, met: bool) -> None:
    """Stop one clock at `at`; `met` when what it waited for was done, else it just ends."""
    late = clock.due_at is not None and at >= clock.due_at
    if clock.state == Clock.State.MISSED or (met and late):
        clock.state = Clock.State.MISSED
    else:
        clock.state = Clock.State.MET if met else Clock.State.STOPPED
    clock.stopped_at, clock.check_at, clock.answered = at, None, met
    clock.save(update_fields=["state", "stopped_at", "check_at", "answered"])


def stop_acknowledgement(case: Case, at: datetime) -> None:
    """The acknowledgement has gone out: its clocks are met."""
    kinds = {law.acknowledge for law in case.laws} - {""}
    for clock in case.clocks.filter(stopped_at=None, kind__in=kinds):
        stop_clock(clock, at, met=True)


def extendable_clock(case: Case) -> Clock | None:
    """Return the clock to answer which the leading regime lets be extended, if there is one."""
    regime = case.lead_regime
    own = [
        clock
        for clock in case.clocks.all()
        if clock.leads and clock.regime == case.regime and clock.stopped_at is None
    ]
    return next((c for c in own if regime.clock(c.kind).rule.extension is not None), None)


def day_to_promise(case: Case, code: str, day: date | None) -> date | None:
    """Return the day that can be promised where a law allows this one: no later than the others.

    `code` is the law. One query.
    """
    others = case.clocks.filter(leads=True, stopped_at=None).exclude(regime=code)
    days = [day, *others.values_list("due_on", flat=True)]
    return min((each for each in days if each), default=None)


def extension_is_open(case: Case) -> bool:
    """Return whether the law lets the provider extend this case now.

    The leading regime must know an extension, none may have been told before, and the date by
    which it must be told has not passed.
    """
    clock = extendable_clock(case)
    if clock is None or clock.stopped_at is not None or clock.due_at is None:
        return False
    regime = case.lead_regime
    events = rule_events(case)
    if any(event.name == "extension_told" for event in events):
        return False
    # Not the date that is stored: a published limit may end before the time within which the law
    # lets an extension be told, and while the clock stands still its earliest day may pass.
    told = [*events, RuleEvent("extension_told", timezone.now())]
    deadline = regimes.compute(regime, clock.kind, told, case.residence, item_kinds=case.kinds)
    return "extension_told_late" not in deadline.flags


def differing_clocks(case: Case) -> list[Clock]:
    """Return the running clocks whose stored date is not the one that the events derive."""
    derived = derive_deadlines(case)
    return [
        clock
        for clock in case.clocks.all()
        if clock.stopped_at is None
        and derived[(clock.regime, clock.kind)].lead_before != clock.due_at
    ]


def lead_differs(case: Case) -> bool:
    """Return whether the date stored with a case is not the one of its leading clock."""
    lead = lead_of_case(case, case.clocks.all())
    return lead is not None and lead.due_at != case.due_at


def time_left(case: Case, now: datetime | None = None) -> timedelta | None:
    """Return how long is left until the case is late; negative when it is."""
    return None if case.due_at is None else case.due_at - (now or timezone.now())


class SweepAction(StrEnum):
    """What the sweep found a clock due for."""

    REMIND = "remind"
    LATE = "late"


C = TypeVar("C", bound=BaseClock)
# Records one step with the facts of its event; False when nothing waits for the clock any more.
Take = Callable[[C, SweepAction, dict[str, Any]], bool]


def sweep_due_clocks(
    model: type[C], take: Take[C], now: datetime | None = None, limit: int = 500
) -> int:
    """Take one step for each clock that is due one; return how many steps were taken.

    Costs what the due clocks cost, whatever the number of clocks: they are found by an index.
    A case that somebody is working on at this moment is left for the next sweep.
    """
    now = now or timezone.now()
    clocks = model._default_manager
    due = clocks.filter(check_at__lte=now).order_by("check_at")
    taken = 0
    for pk, case_id in due.values_list("pk", "case_id")[:limit]:
        with transaction.atomic():
            # The case before the clock, in the order in which the moves lock them.
            free = Case.objects.select_for_update(skip_locked=True, no_key=True)
            if not free.filter(pk=case_id).exists():
                continue
            clock = clocks.select_for_update().filter(pk=pk, check_at__lte=now).first()
            if clock is not None:
                _step(clock, take, now)
                taken += 1
    return taken


def _step(clock: C, take: Take[C], now: datetime) -> None:
    """Remind or mark late, once, and say when to look at the clock again."""
    facts: dict[str, Any] = {
        "clock": clock.kind,
        "regime": clock.regime,
        "due_on": str(clock.due_on),
    }
    if clock.due_at is None:
        clock.check_at = None
    elif now >= clock.due_at:
        if take(clock, SweepAction.LATE, facts):
            clock.state = BaseClock.State.MISSED
        clock.check_at = None
    else:
        facts["percent"] = round(REMINDERS[clock.reminders] * 100)
        clock.reminders += 1
        clock.check_at = next_reminder_at(clock) if take(clock, SweepAction.REMIND, facts) else None
    clock.save(update_fields=["state", "check_at", "reminders"])
