"""The one writer: `advance` is the only function that changes the state of a case.

Here too are `append_case_event`, which puts what happens on record, and the days that a fee
depends on.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from workflows.accounts.actors import Actor
from workflows.cases.applicable_law import codes_for
from workflows.cases.clocks import add_clock_event, extension_is_open, stop_clocks
from workflows.cases.decision_rules import (
    assurance_needed,
    chargeable_kinds,
    grounds_lacking,
    laws_of,
    must_be_verified,
)
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import near_relative_rules_apply
from workflows.cases.guards import ItemSituation, Situation
from workflows.cases.identity_policy import kinds_to_confirm
from workflows.cases.lifecycle import MERGE_TARGETS, MOVES, Action, Move, State
from workflows.cases.mail import share_confirmed_address
from workflows.cases.models import Case, Clock, EventContent, Item
from workflows.common import state_machine
from workflows.ledger.append import PreparedEvent, append, prepare
from workflows.ledger.canonical import commit, new_nonce
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case
from workflows.outbox.services import enqueue
from workflows.vocabulary.outcomes import CORRECTING, Outcome, grants
from workflows.vocabulary.people import Assurance, assurance_suffices
from workflows.vocabulary.roles import Role


def append_case_event(
    case: Case,
    name: str,
    *,
    role: str,
    pseudonym: str = "",
    facts: Mapping[str, Any] | None = None,
    contents: Mapping[str, Any] | None = None,
    register: str | None = None,
    at: datetime | None = None,
) -> Event:
    """Append the event `name` of `case`; must run inside the transaction of the change.

    `facts` are JSON without personal data and stand in the log for ever: codes, numbers, ids and
    dates, no words that somebody typed. `contents` are JSON that may be personal: the log holds
    `commit(content, nonce)`, the case holds nonce and content, sealed, until it is erased.

    Raises `InvalidEventError` for facts with words in them.
    """
    openings = {key: (new_nonce(), content) for key, content in (contents or {}).items()}
    event = append(
        name=name,
        role=role,
        actor=pseudonym,
        case=case.pseudonym,
        register=register,
        facts=facts or {},
        commitments=_commitments(openings),
        at=at,
    )
    EventContent.objects.bulk_create(_contents(case, event.uid, openings))
    return event


def prepare_case_event(
    case: Case,
    name: str,
    *,
    role: str,
    facts: Mapping[str, Any],
    contents: Mapping[str, Any] | None = None,
    register: str | None = None,
) -> tuple[PreparedEvent, list[EventContent]]:
    """Return the event `name` of a new case and its contents, as `append_case_event` writes them.

    Raises `InvalidEventError`.
    """
    openings = {key: (new_nonce(), content) for key, content in (contents or {}).items()}
    event = prepare(
        name=name,
        role=role,
        case=case.pseudonym,
        register=register,
        facts=facts,
        commitments=_commitments(openings),
    )
    return event, _contents(case, event.uid, openings)


# What is committed to, by name: the nonce and the content.
_Openings = Mapping[str, tuple[bytes, Any]]


def _commitments(openings: _Openings) -> dict[str, str]:
    return {key: commit(content, nonce) for key, (nonce, content) in openings.items()}


def _contents(case: Case, event: UUID, openings: _Openings) -> list[EventContent]:
    return [
        EventContent(
            case=case, event=event, name=key, opening={"nonce": nonce.hex(), "content": content}
        )
        for key, (nonce, content) in openings.items()
    ]


# Where the time to answer runs on meanwhile, this much of it is left for a refusal …
DAYS_LEFT_TO_REFUSE = timedelta(days=3)
# … but who is asked for money always has this long to decide.
MIN_DAYS_TO_PAY = timedelta(days=14)


def local_date(case: Case, now: datetime | None = None) -> date:
    """Return the day that it is where the law counts the days of this case."""
    zone = ZoneInfo(case.lead_regime.place(case.residence).zone)
    return timezone.localdate(now, zone)


def last_day_to_pay(today: date, answer_by: date | None) -> date:
    """Return the last day on which a fee can be paid that is asked for `today`.

    It is the provider's period (`FEE_PERIOD_DAYS`). Where the answer is due on `answer_by`
    whatever becomes of the fee, the period is cut so that an answer can still be in time.
    """
    last = today + timedelta(days=settings.FEE_PERIOD_DAYS)
    if answer_by is None:
        return last
    return min(last, max(today + MIN_DAYS_TO_PAY, answer_by - DAYS_LEFT_TO_REFUSE))


def response_due_if_unpaid(case: Case) -> date | None:
    """Return the day by which to answer if the time runs on while a fee is outstanding."""
    days = [
        clock.due_on
        for clock in case.clocks.all()
        if clock.leads and clock.state == Clock.State.RUNNING and clock.due_on
    ]
    return min(days, default=None)


def is_free_in_part(case: Case) -> bool:
    """Return whether the laws let nobody charge for something that the case asks for."""
    return not set(case.kinds) <= set(chargeable_kinds(case))


def fee_fits(case: Case, now: datetime | None = None) -> bool:
    """Return whether a fee can still be asked for without making the answer late.

    The time of a request that costs as a whole may wait for the fee. That of one which is free in
    part does not: it must leave the least time to decide, and the time to answer after it.
    """
    answer_by = response_due_if_unpaid(case)
    if answer_by is None or not is_free_in_part(case):
        return True
    return local_date(case, now) + MIN_DAYS_TO_PAY <= answer_by - DAYS_LEFT_TO_REFUSE


def fee_time_is_over(case: Case, now: datetime | None = None) -> bool:
    """Return whether a fee was asked for and the last day to pay it has gone by."""
    return case.fee_due_on is not None and local_date(case, now) > case.fee_due_on


ItemCheck = Callable[[Item], bool]
CaseCheck = Callable[[Case], bool]
_suppression_checks: list[ItemCheck] = []
_complaint_checks: list[CaseCheck] = []
# What the outcome of a complaint is called in the log when it was found right.
UPHELD = frozenset({"upheld", "partly_upheld"})


def suppression_check(check: ItemCheck) -> ItemCheck:
    """Register the function that tells whether an item is on the suppression list."""
    if check not in _suppression_checks:
        _suppression_checks.append(check)
    return check


def complaint_check(check: CaseCheck) -> CaseCheck:
    """Register the function that tells whether a complaint about a case waits for its outcome."""
    if check not in _complaint_checks:
        _complaint_checks.append(check)
    return check


def _is_suppressed(item: Item) -> bool:
    return any(check(item) for check in _suppression_checks)


def lock_case(case: Case) -> Case:
    """Return the case as it stands now, locked until the transaction ends.

    What only refers to it can be written meanwhile: PostgreSQL looks for the case when such a row
    is committed, and two transactions that wait there for each other would be a deadlock.
    """
    locked = Case.objects.select_for_update(of=("self",), no_key=True)
    return locked.select_related("data_key").get(pk=case.pk)


def situation_of(case: Case, actor: Actor) -> Situation:
    """Gather what the guards may look at."""
    items = []
    to_confirm, laws = kinds_to_confirm(case), case.laws
    for item in case.items.all():
        needed = assurance_needed(laws, item.kind)
        items.append(
            ItemSituation(
                outcome=item.outcome,
                has_grounds=not grounds_lacking(
                    laws_of(case, item.kind), item.kind, item.outcome, item.grounds
                ),
                grants=grants(item.outcome),
                assurance_suffices=assurance_suffices(case.assurance, needed),
                identity_confirmed=item.kind not in to_confirm,
                verified=item.outcome not in CORRECTING
                or not must_be_verified(laws, item.kind)
                or item.is_verified,
                executed=item.executed,
                suppressed=item.outcome != Outcome.SUPPRESSED_IN_OUTPUT or _is_suppressed(item),
            )
        )
    target = case.merge_proposed_into
    return Situation(
        actor=actor.pseudonym,
        proposed_by=case.proposed_by,
        earlier_deciders=frozenset(case.earlier_deciders),
        identity_accepted_by=case.assurance_set_by,
        identity_confirmed_by=case.assurance_confirmed_by,
        merge_proposed_by=case.merge_proposed_by,
        merge_contested=case.merge_contested,
        has_merge_target=target is not None,
        merge_target_open=target is not None and target.state in MERGE_TARGETS,
        contact_in_common=target is not None and share_confirmed_address(case, target),
        abuse_reported_by=case.abuse_reported_by,
        erasure_requested_by=case.erasure_requested_by,
        erased=case.erased_at is not None,
        complaint_open=case.is_final and any(check(case) for check in _complaint_checks),
        complaint_upheld=_complaint_was_upheld(case),
        has_contact=case.has_contact,
        extension_open=extension_is_open(case),
        kin_checked=not near_relative_rules_apply(case) or case.kin_checked,
        fee_allowed=bool(chargeable_kinds(case)),
        part_is_free=is_free_in_part(case),
        fee_fits=fee_fits(case),
        fee_asked_by=case.fee_asked_by,
        fee_time_over=fee_time_is_over(case),
        # Looked for only where the actor may do something about it.
        other_laws=bool(MOVES[Action.CHANGE_LAW].roles & actor.roles)
        and set(codes_for(case)) != set(case.applicable_regimes),
        fee_asked=any(event.name == "fee_asked" for event in case.clock_events.all()),
        items=tuple(items),
    )


def _complaint_was_upheld(case: Case) -> bool:
    """Return whether, since a case ended, a complaint about it was found right; from the log."""
    if State(case.state) not in MOVES[Action.REINSTATE].sources:
        return False
    answered = events_of_case(case.pseudonym).filter(
        name="complaint.answered", at__gte=case.closed_at
    )
    return any(event.facts.get("finding") in UPHELD for event in answered)


def refusals(case: Case, actor: Actor) -> dict[Action, str]:
    """Return, for each action that the actor's role may ever take, why not now: '' if it may."""
    return state_machine.refusals(
        MOVES, State(case.state), actor.roles, lambda: situation_of(case, actor)
    )


def advance(
    case: Case,
    action: Action,
    actor: Actor,
    *,
    facts: Mapping[str, Any] | None = None,
    contents: Mapping[str, Any] | None = None,
) -> Event:
    """Take one move of the table, or refuse it and leave no trace.

    Locks the case, checks state, role and guard, changes the state, appends the event, feeds the
    clocks and enqueues the effects, all in one transaction. `case` is brought up to date in place.
    Raises `MoveRefused` with the reason.
    """
    with transaction.atomic():
        locked = lock_case(case)
        move = MOVES[action]
        reason = state_machine.refusal(
            move, State(locked.state), actor.roles, lambda: situation_of(locked, actor)
        )
        if reason:
            raise MoveRefused(action, reason)
        source = locked.state
        _apply(locked, move, actor)
        event = append_case_event(
            locked,
            move.event,
            role=actor.role_for(move.roles),
            pseudonym=actor.pseudonym,
            facts={"from": source, "to": locked.state, **(facts or {})},
            contents=contents,
        )
        if move.clock_event:
            add_clock_event(locked, move.clock_event, event.at)
        if locked.state != source and (locked.is_final or locked.state == State.ANSWERED):
            # Who takes the complaint about an answer back is owed no other, and was given none.
            answered = locked.state == State.ANSWERED and not (facts or {}).get("withdrawn")
            stop_clocks(locked, event.at, answered=answered)
        for effect in move.effects:
            enqueue(effect, key=f"{effect}:{event.uid}", payload={"case": str(locked.pk)})
    case.refresh_from_db()
    return event


def _apply(case: Case, move: Move, actor: Actor) -> None:
    """Change the columns that belong to a move, and nothing else."""
    now = timezone.now()
    if move.target is not None:
        case.state = move.target
    for column, value in _columns(case, move.action, actor, now).items():
        setattr(case, column, value)
    if case.is_final and case.closed_at is None:
        case.closed_at = now
    case.save()


def _columns(case: Case, action: Action, actor: Actor, now: datetime) -> dict[str, Any]:
    """Return what a move writes into the columns of its case beside the state."""
    who = actor.pseudonym
    decides = {"deciders": sorted({*case.deciders, who})}
    no_merge = {"merge_proposed_into": None, "merge_proposed_by": ""}
    no_abuse = {"abuse_reported_by": ""}
    # What one of two people did counts for the life of the case in which it was done.
    begins_anew = {"closed_at": None, "erasure_requested_by": "", **no_merge, **no_abuse}
    by_others = {
        "deciders": [],
        "earlier_deciders": sorted({*case.earlier_deciders, *case.deciders}),
    }
    changes: dict[Action, dict[str, Any]] = {
        Action.CONFIRM_CONTACT: {"contact_confirmed_at": now},
        Action.ACCEPT_IDENTITY: {"assurance_set_by": who, "assurance_confirmed_by": ""},
        Action.CONFIRM_IDENTITY: {"assurance_confirmed_by": who},
        Action.DOUBT_IDENTITY: {
            "assurance": Assurance.CONTACT if case.contact_confirmed_at else Assurance.NONE,
            "assurance_set_by": "",
            "assurance_confirmed_by": "",
        },
        Action.ASK_FEE: {"fee_asked_by": who},
        Action.END_UNPAID: decides,
        # To propose an answer is to find that there is no abuse, and no duplicate.
        Action.PROPOSE_DECISION: {"proposed_by": who, **decides, **no_merge, **no_abuse},
        Action.APPROVE: decides,
        Action.ANSWER: {"answered_at": now},
        # The answer stopped the clock; the date by which it was due says nothing any more.
        Action.CONTEST: {
            **begins_anew,
            **by_others,
            "proposed_by": "",
            "due_on": None,
            "due_at": None,
            "due_provisional": False,
        },
        Action.PROPOSE_MERGE: {"merge_proposed_by": who},
        Action.MERGE: {"merged_into": case.merge_proposed_into, **no_merge},
        Action.APPROVE_MERGE: {"merged_into": case.merge_proposed_into, **no_merge},
        Action.DECLINE_MERGE: no_merge,
        Action.UNMERGE: {
            **begins_anew,
            "merged_into": None,
            "merge_contested": case.merge_contested or Role.PUBLIC in actor.roles,
        },
        Action.REINSTATE: {**begins_anew, **by_others},
        Action.REPORT_ABUSE: {"abuse_reported_by": who, **decides},
        Action.REJECT_AS_ABUSE: decides,
        Action.REQUEST_ERASURE: {"erasure_requested_by": who},
        Action.ERASE: {"erased_at": now},
        Action.ERASE_AGAIN: {"erased_at": now},
    }
    return changes.get(action, {})
