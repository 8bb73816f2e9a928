"""Changing the laws of an open case which was filed under others than those that apply to it.

What was registered under a law stays in its register, which has no gaps; each law that is new to
the case gets the entry of the receipt. No day that the person was told becomes a later one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.applicable_law import ApplicableLaws, laws_for, profile_in_force
from workflows.cases.clocks import (
    answering_clock_kinds,
    lead_clock,
    recompute,
    stop_acknowledgement,
)
from workflows.cases.filing import received_facts
from workflows.cases.lifecycle import MOVES, Action
from workflows.cases.models import Case
from workflows.cases.models.case import keep_versions
from workflows.cases.models.clock import current_round, rule_events
from workflows.cases.transition import advance, append_case_event, lock_case
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case
from workflows.regimes import services as regimes
from workflows.regimes.deadlines.values import Deadline, PublishedPromise
from workflows.regimes.limits import with_limits
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.roles import Role

# What a day that the person was told follows from; a pause moves it by the rules of each law.
_TOLD_BY = frozenset({"received", "extension_told"})


@dataclass(frozen=True, slots=True)
class ChangeOfLaw:
    """The laws of a case as they stand and as they would be by the profile in force.

    `rules` are those that apply then, in the order of `laws`, with the time that the person was
    told where it is the shorter. The days are the first by which to answer, None without one.
    """

    before: tuple[Regime, ...]
    rules: tuple[Regime, ...]
    laws: ApplicableLaws
    profile: int | None
    due_before: date | None
    due_after: date | None

    @property
    def codes(self) -> list[str]:
        """Return the codes of the laws that apply then, that of the person's home first."""
        return [law.code for law in self.rules]


def preview_change_of_law(case: Case) -> ChangeOfLaw:
    """Return what a change of law would do to a case. Changes nothing."""
    profile, version = profile_in_force()
    laws = laws_for(case.residence, case.kinds, case.filed_at, profile)
    kept = case.regime_versions
    found = [case.regime_of(law.code) if law.code in kept else law for law in laws.regimes]
    told = _first(_answering(case, case.laws, only_told=True))
    now = timezone.now()
    rules = tuple(_keeping(case, law, told, law.day_at(now)) for law in found)
    return ChangeOfLaw(
        before=case.laws,
        rules=rules,
        laws=laws,
        profile=version,
        due_before=case.due_on,
        due_after=_day(_answering(case, rules)),
    )


def change_law(case: Case, actor: Actor, reasons: str, *, message: UUID) -> Event:
    """Put an open case under the laws that apply to it by the profile in force.

    Takes the move, registers the receipt with each law that is new to the case, derives the clocks
    anew and takes outcomes back that were only intended, for other laws allow others. `message` is
    the id of the letter to the person. Raises `MoveRefused`; `InvalidInput` where a day that was
    told would become a later one.
    """
    with transaction.atomic():
        locked = lock_case(case)
        change = preview_change_of_law(locked)
        event = advance(
            case,
            Action.CHANGE_LAW,
            actor,
            facts={
                "laws_before": sorted(law.code for law in change.before),
                "laws": sorted(change.codes),
                "message": str(message),
                "profile": change.profile,
            },
            contents={"text": reasons},
        )
        added = _apply(case, change)
        acknowledged = _acknowledged_at(case)
        if acknowledged is not None:
            stop_acknowledgement(case, acknowledged)
        for code in added:
            append_case_event(
                case,
                "case.received",
                role=Role.SYSTEM,
                register=code,
                facts=received_facts(case, code),
            )
    return event


def _apply(case: Case, change: ChangeOfLaw) -> list[str]:
    """Write the laws of the case and what follows from them; return those that are new to it."""
    due_before = case.due_at
    added = sorted(set(change.codes) - set(case.regimes))
    former = [code for code in case.regimes if code not in change.codes]
    case.regimes = [*change.codes, *former]
    case.former_regimes = former
    case.regime_versions = {**case.regime_versions, **keep_versions(change.rules)}
    case.applicability = change.laws.as_kept(change.profile)
    recompute(case)
    lead = lead_clock(case)
    case.regime = lead.regime if lead else change.laws.lead.code
    case.save()
    if due_before and case.due_at and case.due_at > due_before:
        raise InvalidInput(
            _(
                "The day by which the person was told to have the answer would become a later one."
                " Answer this case under the laws that it has, and tell of the others."
            )
        )
    case.items.update(outcome="", ground="", other_grounds={})
    return added


def _answering(case: Case, laws: Iterable[Regime], *, only_told: bool = False) -> list[Deadline]:
    """Return the deadlines of a case to answer it; `only_told`: as if nothing had paused them."""
    current = current_round(case)
    events = rule_events(case, current)
    if only_told:
        events = [event for event in events if event.name in _TOLD_BY]
    return [
        deadline
        for law in laws
        for deadline in regimes.compute_all(
            law,
            events,
            case.residence,
            answering_clock_kinds(law, case.kinds, current.number),
            item_kinds=case.kinds,
        ).values()
    ]


def _first(deadlines: Iterable[Deadline]) -> datetime | None:
    return min((each.lead_before for each in deadlines if each.lead_before), default=None)


def _day(deadlines: Iterable[Deadline]) -> date | None:
    return min((each.lead_on for each in deadlines if each.lead_on), default=None)


def _keeping(case: Case, law: Regime, told: datetime | None, since: date) -> Regime:
    """Return a law whose clocks end no later than the person was told before it applied.

    `told` is the first instant that would be late, None where the law had no number.
    """
    first = _first(_answering(case, [law], only_told=True))
    if told is None or (first is not None and first <= told):
        return law
    current = current_round(case)
    zone = ZoneInfo(law.place(case.residence).zone)
    last_day = told.astimezone(zone).date() - timedelta(days=1)
    amount = max(1, (last_day - current.began_at.astimezone(zone).date()).days)
    promise = PublishedPromise("days", amount, since, told=True)
    kinds = answering_clock_kinds(law, case.kinds, current.number)
    return with_limits(law, dict.fromkeys(kinds, promise))


def _acknowledged_at(case: Case) -> datetime | None:
    sent = events_of_case(case.pseudonym).filter(name=MOVES[Action.ACKNOWLEDGE].event)
    return sent.order_by("step").values_list("at", flat=True).first()
