"""The life of a manifest as one table: states, actions, who may act, and what else must be true.

Pure: nothing here reads a database. `transition.advance` is the only caller that changes a state;
the tests draw their cells from `MOVES`. That this server applies a manifest, or searches what came
out of it, is work and no move: its end is one.
"""

from dataclasses import dataclass
from enum import StrEnum

from workflows.common import state_machine
from workflows.vocabulary.roles import Role


class State(StrEnum):
    """How far a manifest is."""

    OPEN = "open"
    APPLIED = "applied"
    REFUSED = "refused"
    LEFT = "left"
    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What can be done to a manifest."""

    ACKNOWLEDGE = "acknowledge"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    VERIFY = "verify"
    SEND_BACK = "send_back"
    SEARCH_AGAIN = "search_again"
    END_ERASED = "end_erased"


LIVE = frozenset({State.OPEN, State.APPLIED})
# Of these another version has come out, as a receipt says.
HAS_RESULT = frozenset({State.APPLIED, State.LEFT, State.VERIFIED})


@dataclass(frozen=True, slots=True)
class Situation:
    """What a guard may look at. Nothing is allowed by leaving it out."""

    names_result: bool = False
    was_taken_back: bool = False
    search_ended: bool = True
    other_is_live: bool = False


def result_is_named(situation: Situation) -> str:
    """A receipt for what was applied says which snapshot came out."""
    return "" if situation.names_result else "result_or_refusal"


def no_result_is_named(situation: Situation) -> str:
    """Nothing came out where the manifest was refused."""
    return "result_or_refusal" if situation.names_result else ""


def something_was_taken_back(situation: Situation) -> str:
    """A manifest is withdrawn only where something of it is not to be changed any more."""
    return "" if situation.was_taken_back else "nothing_taken_back"


def another_search_may_help(situation: Situation) -> str:
    """What was searched to the end is not searched again, nor while another manifest changes it."""
    if situation.search_ended:
        return "search_ended"
    return "other_is_live" if situation.other_is_live else ""


class Move(state_machine.Move[Action, State, Role, Situation]):
    """One row of the table."""

    __slots__ = ()


_SYSTEM = frozenset({Role.SYSTEM})
_STEWARDS = frozenset({Role.DATA_STEWARD})

S, A = State, Action
_OPEN, _APPLIED, _LEFT = frozenset({S.OPEN}), frozenset({S.APPLIED}), frozenset({S.LEFT})
_TABLE = (
    # Whoever has pipelines run, and pipelines themselves, act as data stewards.
    Move(A.ACKNOWLEDGE, _OPEN, S.APPLIED, _STEWARDS, "manifest.receipt", result_is_named),
    Move(A.REFUSE, _OPEN, S.REFUSED, _STEWARDS, "manifest.receipt", no_result_is_named),
    Move(A.WITHDRAW, _OPEN, S.WITHDRAWN, _SYSTEM, "manifest.withdrawn", something_was_taken_back),
    Move(A.VERIFY, _APPLIED, S.VERIFIED, _SYSTEM, "rescan.passed"),
    Move(A.SEND_BACK, _APPLIED, S.LEFT, _SYSTEM, "rescan.failed"),
    Move(A.SEARCH_AGAIN, _LEFT, S.APPLIED, _STEWARDS, "rescan.requested", another_search_may_help),
    # Its texts are gone with one of its cases; the erasure itself is what stands on record.
    Move(A.END_ERASED, LIVE, S.REFUSED, _SYSTEM, "case.erased"),
)

MOVES: dict[Action, Move] = {move.action: move for move in _TABLE}
