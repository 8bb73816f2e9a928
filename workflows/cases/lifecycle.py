"""The life of a case as one table: states, actions, who may act, and what else must be true.

Pure: nothing here reads a database. `transition.advance` is the only caller that changes a
state; the admin draws its buttons, the docs their diagram and the tests their cells from
`MOVES`. A guard looks at a `Situation` and gives a reason code when the move must be refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


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


class Role(StrEnum):
    """Who acts. The agent organisation files and follows as `public` does, through its API."""

    PUBLIC = "public"
    SYSTEM = "system"
    INTAKE = "intake"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    DATA_STEWARD = "data_steward"
    PRIVACY_OFFICER = "privacy_officer"
    ADMINISTRATOR = "administrator"
    REGULATOR = "regulator"


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
    ANSWER = "answer"
    CLOSE = "close"
    CONTEST = "contest"
    REOPEN = "reopen"
    LET_STAND = "let_stand"
    EXTEND = "extend"
    WRITE_TO_PERSON = "write_to_person"
    WRITE_TO_PROVIDER = "write_to_provider"
    REMIND = "remind"
    MARK_LATE = "mark_late"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    REPORT_ABUSE = "report_abuse"
    REJECT_AS_ABUSE = "reject_as_abuse"
    REQUEST_ERASURE = "request_erasure"
    ERASE = "erase"


FINAL = frozenset(
    {State.CLOSED, State.EXPIRED, State.WITHDRAWN, State.MERGED, State.REJECTED_AS_ABUSE}
)
OPEN = frozenset(State) - FINAL - {State.ANSWERED}
# While the provider works: the time of the law runs and can be extended.
WORKING = OPEN - {State.FILED, State.CONTESTED}
# While the person has an answer. Before it, an outcome is what the provider intends.
TOLD = frozenset({State.ANSWERED, State.CONTESTED, State.CLOSED})


@dataclass(frozen=True, slots=True)
class ItemSituation:
    """What a guard must know of one item."""

    outcome: str = ""
    ground: str = ""
    grants: bool = False
    assurance_suffices: bool = True
    verified: bool = True
    executed: bool = True
    suppressed: bool = True


@dataclass(frozen=True, slots=True)
class Situation:
    """What the guards may look at, gathered while the case is locked.

    `actor` and the other names are the stable pseudonyms of staff, empty for nobody.
    """

    actor: str = ""
    proposed_by: str = ""
    earlier_proposers: frozenset[str] = frozenset()
    abuse_reported_by: str = ""
    erasure_requested_by: str = ""
    erased: bool = False
    has_contact: bool = True
    extension_open: bool = False
    fee_allowed: bool = False
    fee_asked: bool = False
    fee_asked_by: str = ""
    fee_time_over: bool = False
    part_is_free: bool = False
    kin_checked: bool = True
    items: tuple[ItemSituation, ...] = field(default=())


Guard = Callable[[Situation], str]


def has_no_contact(situation: Situation) -> str:
    """Only a request that named no address is received without a confirmation."""
    return "contact_must_be_confirmed" if situation.has_contact else ""


def every_item_is_decided(situation: Situation) -> str:
    """Each item needs an outcome; a refusal a ground; a grant enough proof of who asks.

    Where the law wants it, a correction was verified first, and the conditions under which a near
    relative may ask were looked at.
    """
    for item in situation.items:
        if not item.outcome:
            return "item_undecided"
        if item.outcome == "refused" and not item.ground:
            return "refusal_without_ground"
        if item.grants and not item.assurance_suffices:
            return "assurance_too_low"
        if not item.verified:
            return "not_verified"
        if item.grants and not situation.kin_checked:
            return "kin_not_checked"
    return "" if situation.items else "no_items"


def is_not_own_proposal(situation: Situation) -> str:
    """Nobody decides on a proposal of their own."""
    return "own_proposal" if situation.actor == situation.proposed_by else ""


def everything_is_executed(situation: Situation) -> str:
    """An outcome that claims a change, or a suppression, waits until that is so."""
    if not all(item.executed for item in situation.items):
        return "not_executed"
    return "" if all(item.suppressed for item in situation.items) else "not_suppressed"


def is_another_reviewer(situation: Situation) -> str:
    """A contested decision goes to someone who had no part in it."""
    return "own_earlier_decision" if situation.actor in situation.earlier_proposers else ""


def extension_is_open(situation: Situation) -> str:
    """The regime allows an extension, none was taken, and the time to tell it has not passed."""
    return "" if situation.extension_open else "no_extension"


def fee_may_be_asked(situation: Situation) -> str:
    """The regime lets the provider charge for what is asked, and no fee was asked before."""
    if not situation.fee_allowed:
        return "no_fee"
    return "fee_already_asked" if situation.fee_asked else ""


def fee_time_is_over(situation: Situation) -> str:
    """The person has the whole time that the notice of the fee named."""
    return "" if situation.fee_time_over else "fee_time_runs"


def unpaid_request_may_end(situation: Situation) -> str:
    """A request ends unpaid when its time is over, all of it costs, and another one looks at it."""
    if not situation.fee_time_over:
        return "fee_time_runs"
    if situation.part_is_free:
        return "part_is_free"
    return "own_fee" if situation.actor == situation.fee_asked_by else ""


def abuse_was_reported_by_another(situation: Situation) -> str:
    """Two people are needed to reject a request as abuse."""
    if not situation.abuse_reported_by:
        return "abuse_not_reported"
    return "own_report" if situation.actor == situation.abuse_reported_by else ""


def is_not_erased(situation: Situation) -> str:
    """An erased case holds nothing that could be worked on."""
    return "erased" if situation.erased else ""


def erasure_was_requested_by_another(situation: Situation) -> str:
    """Two people are needed to erase a case."""
    if situation.erased:
        return "erased"
    if not situation.erasure_requested_by:
        return "erasure_not_requested"
    return "own_erasure_request" if situation.actor == situation.erasure_requested_by else ""


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table. `target` is None when the state stays as it is."""

    action: Action
    sources: frozenset[State]
    target: State | None
    roles: frozenset[Role]
    event: str
    guard: Guard | None = None
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
    _move(A.RECEIVE, {S.FILED}, S.RECEIVED, _SYSTEM, "case.accepted", has_no_contact),
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
        clock="clarification_answered",
    ),
    _move(
        A.GO_ON_WITHOUT_INFORMATION,
        {S.INFORMATION_NEEDED},
        S.IN_REVIEW,
        _INTAKE,
        "information.not_given",
        clock="clarification_waived",
    ),
    _move(
        A.ASK_FEE,
        _REVIEWABLE,
        S.FEE_NEEDED,
        _REVIEWER,
        "fee.asked",
        fee_may_be_asked,
        effects=("mail.fee",),
        clock="fee_asked",
    ),
    _move(
        A.CONFIRM_FEE_PAID,
        {S.FEE_NEEDED},
        S.IN_REVIEW,
        _INTAKE,
        "fee.paid",
        effects=("mail.fee_settled",),
        clock="fee_paid",
    ),
    _move(
        A.WAIVE_FEE,
        {S.FEE_NEEDED},
        S.IN_REVIEW,
        _REVIEWER,
        "fee.waived",
        effects=("mail.fee_settled",),
        clock="fee_waived",
    ),
    _move(
        A.GO_ON_UNPAID,
        {S.FEE_NEEDED},
        S.IN_REVIEW,
        _REVIEWER,
        "fee.not_paid",
        fee_time_is_over,
        # What costs nothing was never waiting for the fee, so its time has run all along.
        clock="fee_waived",
    ),
    _move(
        A.END_UNPAID,
        {S.FEE_NEEDED},
        S.EXPIRED,
        _REVIEWER,
        "case.ended_unpaid",
        unpaid_request_may_end,
        effects=("mail.ended_unpaid",),
    ),
    _move(
        A.BEGIN_REVIEW,
        {S.TRIAGE},
        S.IN_REVIEW,
        _REVIEWER,
        "review.begun",
        effects=("datasets.look_up",),
    ),
    _move(A.RECORD_FINDING, {S.IN_REVIEW}, None, _REVIEWER, "finding.recorded"),
    _move(
        A.PROPOSE_DECISION,
        {S.IN_REVIEW},
        S.DECISION_PROPOSED,
        _REVIEWER,
        "decision.proposed",
        every_item_is_decided,
    ),
    _move(
        A.SEND_BACK,
        {S.DECISION_PROPOSED},
        S.IN_REVIEW,
        _APPROVER,
        "decision.sent_back",
        is_not_own_proposal,
    ),
    _move(
        A.APPROVE,
        {S.DECISION_PROPOSED},
        S.EXECUTING,
        _APPROVER,
        "decision.approved",
        is_not_own_proposal,
        effects=("corrections.instruct",),
    ),
    _move(A.RECORD_EXECUTION, {S.EXECUTING}, None, _STEWARD, "instruction.applied"),
    _move(
        A.ANSWER,
        {S.EXECUTING},
        S.ANSWERED,
        _DECIDERS,
        "answer.sent",
        everything_is_executed,
        effects=("mail.answer",),
        clock="answered",
    ),
    _move(A.CLOSE, {S.ANSWERED}, S.CLOSED, _DECIDERS | _SYSTEM, "case.closed"),
    _move(A.CONTEST, {S.ANSWERED, S.CLOSED}, S.CONTESTED, _PUBLIC, "case.contested", is_not_erased),
    _move(A.REOPEN, {S.CONTESTED}, S.IN_REVIEW, _REVIEWER, "review.reopened", is_another_reviewer),
    _move(A.LET_STAND, {S.CONTESTED}, S.ANSWERED, _SYSTEM, "answer.confirmed"),
    _move(
        A.EXTEND,
        WORKING,
        None,
        _DECIDERS,
        "clock.extended",
        extension_is_open,
        effects=("mail.extension",),
        clock="extension_told",
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
    _move(A.WITHDRAW, OPEN, S.WITHDRAWN, _PUBLIC, "case.withdrawn"),
    _move(A.MERGE, _BEFORE_DECISION, S.MERGED, _INTAKE, "case.merged", effects=("mail.merged",)),
    _move(A.REPORT_ABUSE, _BEFORE_DECISION, None, _INTAKE, "abuse.reported"),
    _move(
        A.REJECT_AS_ABUSE,
        _BEFORE_DECISION,
        S.REJECTED_AS_ABUSE,
        _APPROVER,
        "case.rejected_as_abuse",
        abuse_was_reported_by_another,
        effects=("mail.rejected_as_abuse",),
        clock="answered",
    ),
    _move(A.REQUEST_ERASURE, FINAL, None, _OFFICER, "erasure.requested", is_not_erased),
    _move(A.ERASE, FINAL, None, _OFFICER, "case.erased", erasure_was_requested_by_another),
)

MOVES: dict[Action, Move] = {move.action: move for move in _TABLE}


class Refusal(StrEnum):
    """Why the table itself refuses a move; guards add reasons of their own."""

    WRONG_STATE = "wrong_state"
    WRONG_ROLE = "wrong_role"


def refusal(
    move: Move, state: State, roles: frozenset[Role], situation: Callable[[], Situation]
) -> str:
    """Return why a move is refused, an empty text if it is not.

    The situation is asked for only where the table allows the move and a guard has to look.
    """
    if state not in move.sources:
        return Refusal.WRONG_STATE
    if not move.roles & roles:
        return Refusal.WRONG_ROLE
    return move.guard(situation()) if move.guard else ""
