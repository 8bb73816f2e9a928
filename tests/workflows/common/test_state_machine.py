"""The mechanism of a table of moves, on a life that is nobody's."""

from dataclasses import FrozenInstanceError, dataclass
from enum import StrEnum

import pytest

from workflows.common import state_machine
from workflows.common.state_machine import Refusal, refusal, refusals


class State(StrEnum):
    SHUT = "shut"
    AJAR = "ajar"


class Action(StrEnum):
    OPEN = "open"
    KNOCK = "knock"
    LOCK = "lock"


class Role(StrEnum):
    GUEST = "guest"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Move(state_machine.Move[Action, State, Role, bool]):
    sound: str = ""


GUEST, HOST = frozenset({Role.GUEST}), frozenset({Role.HOST})
SHUT = frozenset({State.SHUT})


def is_invited(invited: bool) -> str:
    return "" if invited else "not_invited"


MOVES = {
    move.action: move
    for move in (
        Move(Action.OPEN, SHUT, State.AJAR, GUEST | HOST, "door.opened", is_invited, sound="creak"),
        Move(Action.KNOCK, SHUT, None, GUEST, "door.knocked"),
        Move(Action.LOCK, SHUT, None, HOST, "door.locked"),
    )
}


def never() -> bool:
    raise AssertionError("Nobody had to look")


@pytest.mark.parametrize("action", list(Action))
def test_the_state_is_looked_at_before_the_role_and_the_guard(action):
    assert refusal(MOVES[action], State.AJAR, frozenset(), never) == Refusal.WRONG_STATE


def test_the_role_is_looked_at_before_the_guard():
    assert refusal(MOVES[Action.OPEN], State.SHUT, frozenset(), never) == Refusal.WRONG_ROLE
    assert refusal(MOVES[Action.LOCK], State.SHUT, GUEST, never) == Refusal.WRONG_ROLE


def test_the_guard_gives_a_reason_of_its_own_or_none():
    assert refusal(MOVES[Action.OPEN], State.SHUT, GUEST, lambda: False) == "not_invited"
    assert refusal(MOVES[Action.OPEN], State.SHUT, GUEST, lambda: True) == ""


def test_one_of_several_roles_is_enough():
    assert refusal(MOVES[Action.LOCK], State.SHUT, GUEST | HOST, never) == ""


def test_without_a_guard_nothing_is_gathered():
    assert refusal(MOVES[Action.KNOCK], State.SHUT, GUEST, never) == ""


def test_what_a_role_may_never_do_is_not_among_its_refusals():
    assert refusals(MOVES, State.SHUT, GUEST, lambda: False) == {
        Action.OPEN: "not_invited",
        Action.KNOCK: "",
    }
    assert refusals(MOVES, State.AJAR, HOST, never) == {
        Action.OPEN: Refusal.WRONG_STATE,
        Action.LOCK: Refusal.WRONG_STATE,
    }


def test_the_situation_is_gathered_once_for_all_moves():
    looks = []

    def look() -> bool:
        looks.append(1)
        return True

    twice = {
        action: Move(action, SHUT, None, HOST, "door.watched", is_invited)
        for action in (Action.OPEN, Action.LOCK)
    }

    assert refusals(twice, State.SHUT, HOST, look) == {Action.OPEN: "", Action.LOCK: ""}
    assert looks == [1]


def test_a_table_may_say_more_of_a_move_but_nothing_of_it_changes():
    assert MOVES[Action.OPEN].sound == "creak"
    with pytest.raises(FrozenInstanceError):
        MOVES[Action.OPEN].target = State.SHUT
