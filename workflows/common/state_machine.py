"""A legal life as a table of moves: who may take which, from where, and why it is refused.

Pure: no model and no save. A package writes its table down and decides what a move locks, changes
and puts on record: its `advance` is the one writer of the state, and asks `refusal` first. Screens
draw their buttons and tests their cells from the same table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Generic, TypeVar

ActionT = TypeVar("ActionT", bound=StrEnum)
StateT = TypeVar("StateT", bound=StrEnum)
RoleT = TypeVar("RoleT", bound=StrEnum)
# What the guards of a table may look at: a small frozen value, gathered while the row is locked.
SituationT = TypeVar("SituationT")


class Refusal(StrEnum):
    """Why the table itself refuses a move; guards add reasons of their own."""

    WRONG_STATE = "wrong_state"
    WRONG_ROLE = "wrong_role"


@dataclass(frozen=True, slots=True)
class Move(Generic[ActionT, StateT, RoleT, SituationT]):
    """One row of a table.

    `target` is None when the state stays as it is. `event` is what the log calls the move. The
    guard gives a reason code when the move must be refused, an empty text when not.
    """

    action: ActionT
    sources: frozenset[StateT]
    target: StateT | None
    roles: frozenset[RoleT]
    event: str
    guard: Callable[[SituationT], str] | None = None


def refusal(
    move: Move[ActionT, StateT, RoleT, SituationT],
    state: StateT,
    roles: frozenset[RoleT],
    situation: Callable[[], SituationT],
) -> str:
    """Return why a move is refused, an empty text if it is not.

    The situation is asked for only where the table allows the move and a guard has to look.
    """
    if state not in move.sources:
        return Refusal.WRONG_STATE
    if not move.roles & roles:
        return Refusal.WRONG_ROLE
    return move.guard(situation()) if move.guard else ""


def refusals(
    moves: Mapping[ActionT, Move[ActionT, StateT, RoleT, SituationT]],
    state: StateT,
    roles: frozenset[RoleT],
    situation: Callable[[], SituationT],
) -> dict[ActionT, str]:
    """Return, for each action that the roles may ever take, why not now: '' if they may.

    The situation is gathered once at most.
    """
    gathered = cache(situation)
    return {
        action: refusal(move, state, roles, gathered)
        for action, move in moves.items()
        if move.roles & roles
    }
