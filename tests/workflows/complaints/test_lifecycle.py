"""The table of moves of a complaint, written down a second time by hand."""

import pytest

from workflows.cases.timeline import STAFF_SENTENCES
from workflows.common.state_machine import Refusal, refusal
from workflows.complaints.lifecycle import (
    MOVES,
    OPEN,
    Action,
    Situation,
    State,
    is_uninvolved,
)
from workflows.complaints.names import ACTION_NAMES, REASONS, STATE_NAMES
from workflows.vocabulary.roles import Role

# action: from which states, to which (. when it stays), by whom, and whether only by somebody
# who had no part in what is complained about (apart).
TABLE = """
acknowledge   | received                          | acknowledged | intake reviewer approver privacy_officer | anybody
take_up       | acknowledged                      | in_handling  | reviewer approver privacy_officer        | apart
tell_progress | in_handling                       | .            | reviewer approver privacy_officer        | apart
answer        | in_handling                       | answered     | reviewer approver privacy_officer        | apart
close         | answered                          | closed       | reviewer approver privacy_officer        | anybody
withdraw      | received acknowledged in_handling | withdrawn    | public                                   | anybody
end_erased    | received acknowledged in_handling | closed       | system                                   | anybody
remind        | received acknowledged in_handling | .            | system                                   | anybody
mark_late     | received acknowledged in_handling | .            | system                                   | anybody
"""
ROWS = {
    cells[0]: (set(cells[1].split()), cells[2], set(cells[3].split()), cells[4] == "apart")
    for line in TABLE.strip().splitlines()
    for cells in [[cell.strip() for cell in line.split("|")]]
}


def test_the_vocabularies_are_closed_and_have_names():
    assert set(ROWS) == set(Action) == set(MOVES) == set(ACTION_NAMES)
    assert set(STATE_NAMES) == set(State)
    assert set(OPEN) == {"received", "acknowledged", "in_handling"}
    assert {"own_decision", *Refusal} == set(REASONS)
    assert {move.event for move in MOVES.values()} <= set(STAFF_SENTENCES)


@pytest.mark.parametrize("action", list(Action))
def test_the_move_is_the_one_written_down(action):
    sources, target, roles, apart = ROWS[action]
    move = MOVES[action]

    assert set(move.sources) == sources
    assert move.target == (None if target == "." else target)
    assert set(move.roles) == roles
    assert (move.guard is is_uninvolved) == apart


def _who_took_part() -> Situation:
    return Situation("staff-1", frozenset({"staff-1"}))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("action", list(Action))
def test_each_cell_answers_by_state_then_role_then_guard(action, state):
    sources, _target, roles, apart = ROWS[action]
    for role in Role:
        expected = (
            Refusal.WRONG_STATE
            if state not in sources
            else Refusal.WRONG_ROLE
            if role not in roles
            else "own_decision"
            if apart
            else ""
        )

        assert refusal(MOVES[action], state, frozenset({role}), _who_took_part) == expected


def test_who_had_no_part_may():
    situation = Situation("staff-2", frozenset({"staff-1"}))

    assert is_uninvolved(situation) == ""
