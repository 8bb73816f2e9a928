"""The life of a complaint as one table: states, actions, who may act, and what else must be true.

Pure: nothing here reads a database. `transition.advance` is the only caller that changes a
state; the case page draws its buttons and the tests their cells from `MOVES`. The table asks for
no second person: a complaint is answered by one who had no part in what is complained about.
"""

from dataclasses import dataclass
from enum import StrEnum

from workflows.common import state_machine
from workflows.vocabulary.roles import Role


class State(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    IN_HANDLING = "in_handling"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What can be done to a complaint."""

    ACKNOWLEDGE = "acknowledge"
    TAKE_UP = "take_up"
    TELL_PROGRESS = "tell_progress"
    ANSWER = "answer"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    END_ERASED = "end_erased"
    REMIND = "remind"
    MARK_LATE = "mark_late"


OPEN = frozenset({State.RECEIVED, State.ACKNOWLEDGED, State.IN_HANDLING})


@dataclass(frozen=True, slots=True)
class Situation:
    """What a guard may look at: pseudonyms of staff, empty for the person and the system."""

    actor: str = ""
    took_part: frozenset[str] = frozenset()


def is_uninvolved(situation: Situation) -> str:
    """A complaint is handled by somebody who had no part in what it is about."""
    return "own_decision" if situation.actor in situation.took_part else ""


class Move(state_machine.Move[Action, State, Role, Situation]):
    """One row of the table."""

    __slots__ = ()


_PUBLIC = frozenset({Role.PUBLIC})
_SYSTEM = frozenset({Role.SYSTEM})
_HANDLERS = frozenset({Role.REVIEWER, Role.APPROVER, Role.PRIVACY_OFFICER})
_STAFF = _HANDLERS | {Role.INTAKE}

S, A = State, Action
_ACKNOWLEDGED, _HANDLED = frozenset({S.ACKNOWLEDGED}), frozenset({S.IN_HANDLING})
_TABLE = (
    Move(
        A.ACKNOWLEDGE,
        frozenset({S.RECEIVED}),
        S.ACKNOWLEDGED,
        _STAFF,
        "complaint.acknowledged",
    ),
    Move(A.TAKE_UP, _ACKNOWLEDGED, S.IN_HANDLING, _HANDLERS, "complaint.taken_up", is_uninvolved),
    Move(A.TELL_PROGRESS, _HANDLED, None, _HANDLERS, "complaint.progress_told", is_uninvolved),
    Move(A.ANSWER, _HANDLED, S.ANSWERED, _HANDLERS, "complaint.answered", is_uninvolved),
    Move(A.CLOSE, frozenset({S.ANSWERED}), S.CLOSED, _HANDLERS, "complaint.closed"),
    Move(A.WITHDRAW, OPEN, S.WITHDRAWN, _PUBLIC, "complaint.withdrawn"),
    # Its words are gone, and nobody could answer it.
    Move(A.END_ERASED, OPEN, S.CLOSED, _SYSTEM, "complaint.closed"),
    Move(A.REMIND, OPEN, None, _SYSTEM, "complaint.reminded"),
    Move(A.MARK_LATE, OPEN, None, _SYSTEM, "complaint.missed"),
)

MOVES: dict[Action, Move] = {move.action: move for move in _TABLE}
