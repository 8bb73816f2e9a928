"""The life of a case as one table: states, actions, who may act, and what else must be true.

Pure: nothing here reads a database. `transition.advance` is the only caller that changes a
state; the admin draws its buttons, the docs their diagram and the tests their cells from
`MOVES`. What must be true beside state and role, the guards say.
"""

from dataclasses import dataclass
from enum import StrEnum

from workflows.cases import guards
from workflows.cases.guards import Guard, Situation
from workflows.common import state_machine
from workflows.vocabulary.roles import Role


class State(StrEnum):
    """Where a case stands."""

    FILED = "filed"
    RECEIVED = "received"
    TRIAGE = "triage"
    IDENTITY_NEEDED = "identity_needed"
    INFORMATION_NEEDED = "information_needed"
    FEE_NEEDED = "fee_needed"
    IN_REVIEW = "in_review"
    DECISION_PROPOSED = "decision_proposed"
    EXECUTING = "executing"
    ANSWERED = "answered"
    CONTESTED = "contested"
    CLOSED = "closed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    REJECTED_AS_ABUSE = "rejected_as_abuse"


class Action(StrEnum):
    """What can be done to a case."""

    CONFIRM_CONTACT = "confirm_contact"
    RECEIVE = "receive"
    EXPIRE = "expire"
    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    BEGIN_TRIAGE = "begin_triage"
    ASK_IDENTITY = "ask_identity"
    ACCEPT_IDENTITY = "accept_identity"
    REJECT_IDENTITY = "reject_identity"
    CONFIRM_IDENTITY = "confirm_identity"
    DOUBT_IDENTITY = "doubt_identity"
    ASK_INFORMATION = "ask_information"
    GIVE_INFORMATION = "give_information"
    GO_ON_WITHOUT_INFORMATION = "go_on_without_information"
    ASK_FEE = "ask_fee"
    CONFIRM_FEE_PAID = "confirm_fee_paid"
    WAIVE_FEE = "waive_fee"
    GO_ON_UNPAID = "go_on_unpaid"
    END_UNPAID = "end_unpaid"
    BEGIN_REVIEW = "begin_review"
    RECORD_FINDING = "record_finding"
    PROPOSE_DECISION = "propose_decision"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    RECORD_EXECUTION = "record_execution"
    STOP_EXECUTION = "stop_execution"
    ANSWER = "answer"
    CLOSE = "close"
    CONTEST = "contest"
    REOPEN = "reopen"
    LET_STAND = "let_stand"
    EXTEND = "extend"
    CHANGE_LAW = "change_law"
    WRITE_TO_PERSON = "write_to_person"
    WRITE_TO_PROVIDER = "write_to_provider"
    REMIND = "remind"
    MARK_LATE = "mark_late"
    WITHDRAW = "withdraw"
    PROPOSE_MERGE = "propose_merge"
    MERGE = "merge"
    APPROVE_MERGE = "approve_merge"
    DECLINE_MERGE = "decline_merge"
    UNMERGE = "unmerge"
    REPORT_ABUSE = "report_abuse"
    REJECT_AS_ABUSE = "reject_as_abuse"
    REINSTATE = "reinstate"
    REQUEST_ERASURE = "request_erasure"
    ERASE = "erase"
    END_ERASED = "end_erased"
    ERASE_AGAIN = "erase_again"


FINAL = frozenset(
    {State.CLOSED, State.EXPIRED, State.WITHDRAWN, State.MERGED, State.REJECTED_AS_ABUSE}
)
OPEN = frozenset(State) - FINAL - {State.ANSWERED}
# While the provider works: the time of the law runs and can be extended.
IN_PROGRESS = OPEN - {State.FILED, State.CONTESTED}
# While the person is asked for something that the case waits for.
ASKED = frozenset({State.IDENTITY_NEEDED, State.INFORMATION_NEEDED, State.FEE_NEEDED})
# While the person has an answer. Before it, an outcome is what the provider intends.
OUTCOME_TOLD = frozenset({State.ANSWERED, State.CONTESTED, State.CLOSED})


@dataclass(frozen=True, slots=True)
class Move(state_machine.Move[Action, State, Role, Situation]):
    """One row of the table, with what else a move of a case has: effects and an event of clocks."""

    effects: tuple[str, ...] = ()
    clock_event: str = ""


_PUBLIC = frozenset({Role.PUBLIC})
_SYSTEM = frozenset({Role.SYSTEM})
_OFFICER = frozenset({Role.PRIVACY_OFFICER})
_INTAKE = frozenset({Role.INTAKE, Role.REVIEWER, Role.PRIVACY_OFFICER})
_REVIEWER = frozenset({Role.REVIEWER, Role.PRIVACY_OFFICER})
_APPROVER = frozenset({Role.APPROVER, Role.PRIVACY_OFFICER})
_DECIDERS = _REVIEWER | _APPROVER
_STEWARD = frozenset({Role.DATA_STEWARD, Role.PRIVACY_OFFICER})
_BEFORE_DECISION = frozenset({State.FILED, State.RECEIVED, State.TRIAGE, State.IN_REVIEW})
_REVIEWABLE = frozenset({State.TRIAGE, State.IN_REVIEW})
# What a duplicate can be merged into: a case that was received and not decided yet, so that what
# the duplicate asks for is still looked at.
MERGE_TARGETS = _REVIEWABLE | {
    State.RECEIVED,
    State.IDENTITY_NEEDED,
    State.INFORMATION_NEEDED,
    State.FEE_NEEDED,
}
# Whichever way a review begins or goes on, the person is looked up with what is known by then.
_LOOKED_UP = ("lookups.look_up",)


def _move(  # noqa: PLR0917 - the columns of the table below, in its order
    action: Action,
    sources: frozenset[State] | set[State],
    target: State | None,
    roles: frozenset[Role],
    event: str,
    guard: Guard | None = None,
    *,
    effects: tuple[str, ...] = (),
    clock: str = "",
) -> Move:
    return Move(action, frozenset(sources), target, roles, event, guard, effects, clock)


S, A = State, Action
_TABLE = (
    _move(A.CONFIRM_CONTACT, {S.FILED}, S.RECEIVED, _PUBLIC, "contact.confirmed"),
    _move(A.RECEIVE, {S.FILED}, S.RECEIVED, _SYSTEM, "case.accepted", guards.has_no_contact),
    _move(A.EXPIRE, {S.FILED}, S.EXPIRED, _SYSTEM, "case.expired"),
    _move(A.ACKNOWLEDGE, OPEN, None, _SYSTEM, "acknowledgement.sent"),
    _move(A.ASSIGN, OPEN | {S.ANSWERED}, None, _INTAKE | _APPROVER | _SYSTEM, "case.assigned"),
    _move(A.BEGIN_TRIAGE, {S.FILED, S.RECEIVED}, S.TRIAGE, _INTAKE, "triage.begun"),
    _move(
        A.ASK_IDENTITY,
        _REVIEWABLE,
        S.IDENTITY_NEEDED,
        _INTAKE,
        "identity.asked",
        effects=("mail.identity_request",),
        clock="identity_asked",
    ),
    _move(
        A.ACCEPT_IDENTITY,
        {S.IDENTITY_NEEDED},
        S.TRIAGE,
        _INTAKE,
        "identity.proved",
        effects=("mail.identity_accepted",),
        clock="identity_proved",
    ),
    _move(
        A.REJECT_IDENTITY,
        {S.IDENTITY_NEEDED},
        S.TRIAGE,
        _INTAKE,
        "identity.not_proved",
        # Nobody waits for the proof any more, and the rest was never waiting for it.
        clock="identity_waived",
    ),
    # A second person looks at what the first accepted. Both may be done before a decision; to
    # confirm also while one waits, for the policy may have become stricter.
    _move(
        A.CONFIRM_IDENTITY,
        _REVIEWABLE | {S.DECISION_PROPOSED},
        None,
        _INTAKE,
        "identity.confirmed",
        guards.identity_was_accepted_by_another,
    ),
    _move(
        A.DOUBT_IDENTITY,
        _REVIEWABLE,
        None,
        _INTAKE,
        "identity.doubted",
        guards.identity_was_accepted,
    ),
    _move(
        A.ASK_INFORMATION,
        _REVIEWABLE,
        S.INFORMATION_NEEDED,
        _INTAKE,
        "information.asked",
        effects=("mail.information_request",),
        clock="clarification_asked",
    ),
    _move(
        A.GIVE_INFORMATION,
        {S.INFORMATION_NEEDED},
        S.IN_REVIEW,
        _PUBLIC | _INTAKE,
        "information.given",
        effects=_LOOKED_UP,
        clock="clarification_answered",
    ),
    _move(
        A.GO_ON_WITHOUT_INFORMATION,
        {S.INFORMATION_NEEDED},
        S.IN_REVIEW,
        _INTAKE,
        "information.not_given",
        effects=_LOOKED_UP,
        clock="clarification_waived",
    ),
    _move(
        A.ASK_FEE,
        _REVIEWABLE,
        S.FEE_NEEDED,
        _REVIEWER,
        "fee.asked",
        guards.fee_may_be_asked,
        effects=("mail.fee",),
        clock="fee_asked",
    ),
    _move(
        A.CONFIRM_FEE_PAID,
        {S.FEE_NEEDED},
        S.IN_REVIEW,
        _INTAKE,
        "fee.paid",
        effects=("mail.fee_settled", *_LOOKED_UP),
        clock="fee_paid",
    ),
    _move(
        A.WAIVE_FEE,
        {S.FEE_NEEDED},
        S.IN_REVIEW,
        _REVIEWER,
        "fee.waived",
        effects=("mail.fee_settled", *_LOOKED_UP),
        clock="fee_waived",
    ),
    _move(
        A.GO_ON_UNPAID,
        {S.FEE_NEEDED},
        S.IN_REVIEW,
        _REVIEWER,
        "fee.not_paid",
        guards.fee_time_is_over,
        effects=_LOOKED_UP,
        # What costs nothing was never waiting for the fee, so its time has run all along.
        clock="fee_waived",
    ),
    _move(
        A.END_UNPAID,
        {S.FEE_NEEDED},
        S.EXPIRED,
        _REVIEWER,
        "case.ended_unpaid",
        guards.by_new_people(guards.unpaid_request_may_end),
        effects=("mail.ended_unpaid",),
    ),
    _move(
        A.BEGIN_REVIEW,
        {S.TRIAGE},
        S.IN_REVIEW,
        _REVIEWER,
        "review.begun",
        effects=_LOOKED_UP,
    ),
    _move(A.RECORD_FINDING, {S.IN_REVIEW}, None, _REVIEWER, "finding.recorded"),
    _move(
        A.PROPOSE_DECISION,
        {S.IN_REVIEW},
        S.DECISION_PROPOSED,
        _REVIEWER,
        "decision.proposed",
        guards.by_new_people(guards.every_item_is_decided),
    ),
    _move(
        A.SEND_BACK,
        {S.DECISION_PROPOSED},
        S.IN_REVIEW,
        _APPROVER,
        "decision.sent_back",
        guards.is_not_own_proposal,
    ),
    _move(
        A.APPROVE,
        {S.DECISION_PROPOSED},
        S.EXECUTING,
        _APPROVER,
        "decision.approved",
        guards.by_new_people(guards.may_be_approved),
        effects=("corrections.instruct",),
    ),
    _move(
        A.STOP_EXECUTION,
        {S.EXECUTING},
        S.IN_REVIEW,
        _APPROVER,
        "execution.stopped",
        guards.is_not_own_proposal,
        effects=("corrections.take_back", *_LOOKED_UP),
    ),
    _move(
        A.RECORD_EXECUTION,
        {S.EXECUTING},
        None,
        _STEWARD,
        "instruction.applied",
        guards.something_is_to_be_carried_out,
    ),
    _move(
        A.ANSWER,
        {S.EXECUTING},
        S.ANSWERED,
        _DECIDERS,
        "answer.sent",
        guards.everything_is_executed,
        effects=("mail.answer",),
        clock="answered",
    ),
    _move(A.CLOSE, {S.ANSWERED}, S.CLOSED, _DECIDERS | _SYSTEM, "case.closed"),
    _move(
        A.CONTEST,
        {S.ANSWERED, S.CLOSED},
        S.CONTESTED,
        _PUBLIC,
        "case.contested",
        guards.is_not_erased,
        # A time to answer runs anew from the day on which the person asks for another answer.
        clock="contested",
    ),
    _move(
        A.REOPEN,
        {S.CONTESTED},
        S.IN_REVIEW,
        _REVIEWER,
        "review.reopened",
        guards.had_no_part_before,
    ),
    _move(A.LET_STAND, {S.CONTESTED}, S.ANSWERED, _SYSTEM, "answer.confirmed"),
    _move(
        A.EXTEND,
        IN_PROGRESS,
        None,
        _DECIDERS,
        "clock.extended",
        guards.extension_is_open,
        effects=("mail.extension",),
        clock="extension_told",
    ),
    # Before anything is decided by the laws of the case, and not while a fee of theirs is awaited.
    _move(
        A.CHANGE_LAW,
        _BEFORE_DECISION | {S.IDENTITY_NEEDED, S.INFORMATION_NEEDED},
        None,
        _OFFICER,
        "law.changed",
        guards.other_laws_apply,
        effects=("mail.message", "complaints.start_clocks"),
    ),
    _move(
        A.WRITE_TO_PERSON,
        OPEN | {S.ANSWERED},
        None,
        _INTAKE | _APPROVER,
        "message.sent",
        effects=("mail.message",),
    ),
    _move(A.WRITE_TO_PROVIDER, OPEN | {S.ANSWERED}, None, _PUBLIC, "message.received"),
    _move(A.REMIND, OPEN, None, _SYSTEM, "clock.reminded"),
    _move(A.MARK_LATE, OPEN, None, _SYSTEM, "clock.missed"),
    _move(
        A.WITHDRAW,
        OPEN,
        S.WITHDRAWN,
        _PUBLIC,
        "case.withdrawn",
        effects=("corrections.take_back",),
    ),
    _move(
        A.PROPOSE_MERGE,
        _BEFORE_DECISION,
        None,
        _INTAKE,
        "merge.proposed",
        guards.by_new_people(guards.merge_target_goes_on),
    ),
    _move(
        A.MERGE,
        _BEFORE_DECISION,
        S.MERGED,
        _INTAKE,
        "case.merged",
        guards.by_new_people(guards.contact_is_in_common),
        effects=("mail.merged",),
    ),
    _move(
        A.APPROVE_MERGE,
        _BEFORE_DECISION,
        S.MERGED,
        _APPROVER,
        "case.merged",
        guards.by_new_people(guards.merge_was_proposed_by_another),
        effects=("mail.merged",),
    ),
    _move(
        A.DECLINE_MERGE,
        _BEFORE_DECISION,
        None,
        _APPROVER,
        "merge.declined",
        guards.merge_was_proposed,
    ),
    # Merging is for the provider's ease; the person's word is enough to end it.
    _move(
        A.UNMERGE,
        {S.MERGED},
        S.TRIAGE,
        _PUBLIC | _REVIEWER,
        "case.unmerged",
        guards.is_not_erased,
    ),
    _move(
        A.REPORT_ABUSE,
        _BEFORE_DECISION,
        None,
        _INTAKE,
        "abuse.reported",
        guards.had_no_part_before,
    ),
    _move(
        A.REJECT_AS_ABUSE,
        _BEFORE_DECISION,
        S.REJECTED_AS_ABUSE,
        _APPROVER,
        "case.rejected_as_abuse",
        guards.by_new_people(guards.abuse_was_reported_by_another),
        effects=("mail.rejected_as_abuse",),
        clock="answered",
    ),
    # Upheld means that it should not have ended so: the way back leads to where it was sorted.
    _move(
        A.REINSTATE,
        {S.REJECTED_AS_ABUSE, S.EXPIRED},
        S.TRIAGE,
        _REVIEWER,
        "case.reinstated",
        guards.complaint_was_upheld,
    ),
    _move(A.REQUEST_ERASURE, FINAL, None, _OFFICER, "erasure.requested", guards.may_be_erased),
    _move(A.ERASE, FINAL, None, _OFFICER, "case.erased", guards.erasure_was_requested_by_another),
    # A restored backup holds the case as it was before two people had it erased.
    _move(A.END_ERASED, frozenset(State) - FINAL, S.CLOSED, _SYSTEM, "case.closed"),
    _move(A.ERASE_AGAIN, FINAL, None, _SYSTEM, "case.erased"),
)

MOVES: dict[Action, Move] = {move.action: move for move in _TABLE}
