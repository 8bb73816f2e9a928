"""The one writer of a complaint: `advance` is the only function that changes its state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.clocks import save_lead_clock, stop_clock, write_deadline
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event, lock_case
from workflows.common import state_machine
from workflows.common.errors import DomainError
from workflows.complaints.lifecycle import MOVES, Action, Move, Situation, State
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.complaints.names import REASONS
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case
from workflows.regimes import services as regimes
from workflows.regimes.deadlines.values import ClockEvent as RuleEvent
from workflows.regimes.rules.regime import Regime


def clock_kinds(regime: Regime) -> tuple[str, ...]:
    """Return the kinds of clock that start when a complaint is received under this regime."""
    return tuple(kind for kind in (regime.complaint_acknowledge, regime.complaint) if kind)


def has_clock(case: Case) -> bool:
    """Return whether a law of this case knows a time for the outcome of a complaint."""
    return any(law.complaint for law in case.laws)


def start_clocks(complaint: Complaint) -> None:
    """Start the clocks of a complaint under each law of its case, and let the earliest lead that.

    A law under which the complaint has clocks already is passed over, so that those of a law that
    is new to the case can be started later.
    """
    case = complaint.case
    events = [RuleEvent("received", complaint.received_at)]
    counted = set(complaint.clocks.values_list("regime", flat=True))
    clocks = []
    for code in (each for each in case.applicable_regimes if each not in counted):
        regime = case.regime_of(code)
        kinds = clock_kinds(regime)
        deadlines = regimes.compute_all(regime, events, case.residence, kinds) if kinds else {}
        for kind, deadline in deadlines.items():
            clock = ComplaintClock(
                case=case,
                complaint=complaint,
                regime=code,
                kind=kind,
                leads=kind == regime.complaint,
                started_at=complaint.received_at,
            )
            write_deadline(clock, deadline)
            clocks.append(clock)
    ComplaintClock.objects.bulk_create(clocks)
    if complaint.acknowledged_at is not None:
        stop_acknowledgement(complaint, complaint.acknowledged_at)
    save_lead_clock(case)


def stop_acknowledgement(complaint: Complaint, at: datetime) -> None:
    """The complaint was acknowledged: the clocks for that are met."""
    for clock in complaint.clocks.filter(stopped_at=None, leads=False):
        stop_clock(clock, at, met=True)


def stop_clocks(complaint: Complaint, at: datetime) -> None:
    """Stop what still runs: answered in time is met, withdrawn just ends."""
    for clock in complaint.clocks.filter(stopped_at=None):
        stop_clock(clock, at, met=complaint.answered_at is not None)


class ComplaintRefused(DomainError):
    """The lifecycle does not allow this action now. `reason` is a code of `REASONS`."""

    def __init__(self, action: str, reason: str) -> None:
        self.action = action
        self.reason = reason
        super().__init__(str(REASONS[reason]))


class ComplaintOpen(DomainError):
    """There is an open complaint about the case already."""

    def __init__(self) -> None:
        super().__init__(
            _("Your earlier complaint is still open. Write to us if you want to add to it.")
        )


# The steps by which a member of staff takes part in what can be complained about.
_DECISIONS = (
    "decision.proposed",
    "decision.sent_back",
    "decision.approved",
    "answer.sent",
    "clock.extended",
    "law.changed",
    "identity.not_proved",
    "identity.doubted",
    "information.not_given",
    "fee.asked",
    "fee.not_paid",
    "case.ended_unpaid",
    "abuse.reported",
    "case.rejected_as_abuse",
)


def involved_staff(complaint: Complaint) -> frozenset[str]:
    """Return who had a part in what is complained about: in the decisions before it. One query."""
    events = events_of_case(complaint.case.pseudonym).filter(
        name__in=_DECISIONS, at__lte=complaint.received_at
    )
    return frozenset(events.values_list("actor", flat=True)) - {""}


def refusals(complaint: Complaint, actor: Actor) -> dict[Action, str]:
    """Return, for each action that the actor's role may ever take, why not now: '' if it may."""
    return state_machine.refusals(
        MOVES,
        State(complaint.state),
        actor.roles,
        lambda: Situation(actor.pseudonym, involved_staff(complaint)),
    )


def lock_complaint(complaint: Complaint) -> tuple[Case, Complaint]:
    """Return case and complaint as they stand now, locked in this order until the end."""
    case = lock_case(complaint.case)
    locked = Complaint.objects.select_for_update().get(pk=complaint.pk)
    locked.case = case
    return case, locked


def advance(
    complaint: Complaint,
    action: Action,
    actor: Actor,
    *,
    facts: Mapping[str, Any] | None = None,
    contents: Mapping[str, Any] | None = None,
) -> Event:
    """Take one move of the table, or refuse it and leave no trace.

    Locks case and complaint, checks state, role and guard, changes the state, appends the event
    to the steps of the case and stops clocks, in one transaction. `complaint` is brought up to
    date in place. Raises `ComplaintRefused` with the reason.
    """
    with transaction.atomic():
        case, locked = lock_complaint(complaint)
        move = MOVES[action]
        reason = state_machine.refusal(
            move,
            State(locked.state),
            actor.roles,
            lambda: Situation(actor.pseudonym, involved_staff(locked)),
        )
        if reason:
            raise ComplaintRefused(action, reason)
        event = append_case_event(
            case,
            move.event,
            role=actor.role_for(move.roles),
            pseudonym=actor.pseudonym,
            facts={"complaint": str(locked.pk), **(facts or {})},
            contents=contents,
        )
        _apply(locked, move, actor, event, finding=str((facts or {}).get("finding", "")))
    complaint.refresh_from_db()
    return event


def _apply(complaint: Complaint, move: Move, actor: Actor, event: Event, *, finding: str) -> None:
    """Change the columns and the clocks that belong to a move, and nothing else."""
    if move.target is None:
        return
    complaint.state = move.target
    match move.action:
        case Action.ACKNOWLEDGE:
            complaint.acknowledged_at = event.at
        case Action.TAKE_UP:
            complaint.handler = actor.pseudonym
        case Action.ANSWER:
            complaint.answered_at, complaint.finding = event.at, finding
        case Action.CLOSE | Action.WITHDRAW | Action.END_ERASED:
            complaint.closed_at = event.at
    complaint.save()
    if move.action == Action.ACKNOWLEDGE:
        stop_acknowledgement(complaint, event.at)
    elif move.target not in {State.IN_HANDLING, State.CLOSED} or move.action == Action.END_ERASED:
        stop_clocks(complaint, event.at)
