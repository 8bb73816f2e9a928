"""The table of moves and its guards, without a database."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lifecycle_table import ENDED, OPEN_STATES, ROWS
from workflows.cases import lifecycle
from workflows.cases.lifecycle import (
    FINAL,
    MOVES,
    OPEN,
    Action,
    ItemSituation,
    Move,
    Refusal,
    Role,
    Situation,
    State,
)


def test_the_vocabularies_are_closed():
    assert set(ROWS) == set(Action) == set(MOVES)
    assert set(State) == OPEN_STATES | ENDED | {"answered"}
    assert set(FINAL) == ENDED
    assert set(OPEN) == OPEN_STATES


@pytest.mark.parametrize("action", list(Action))
def test_the_move_is_the_one_written_down(action):
    sources, target, roles = ROWS[action]
    move = MOVES[action]

    assert set(move.sources) == sources
    assert move.target == target
    assert set(move.roles) == roles


def test_administrators_and_regulators_take_no_move():
    for move in MOVES.values():
        assert not move.roles & {Role.ADMINISTRATOR, Role.REGULATOR}


def test_each_state_but_the_first_can_be_reached_and_each_open_one_left():
    reached = {move.target for move in MOVES.values()}
    left = {
        source
        for move in MOVES.values()
        if move.target is not None
        for source in move.sources
        if source != move.target
    }

    assert reached - {None} == set(State) - {State.FILED}
    assert left >= OPEN | {State.ANSWERED}


def test_an_ended_case_is_left_only_by_contesting_a_closed_one():
    ways = {
        (source, move.action)
        for move in MOVES.values()
        if move.target is not None
        for source in move.sources & FINAL
    }

    assert ways == {(State.CLOSED, Action.CONTEST)}


def test_each_open_case_can_be_withdrawn_by_the_person_without_a_condition():
    assert MOVES[Action.WITHDRAW].sources == OPEN
    assert MOVES[Action.WITHDRAW].guard is None


def test_the_table_decides_in_the_order_state_role_guard():
    def refuse(action, state, role, situation):
        return lifecycle.refusal(
            lifecycle.MOVES[action], state, frozenset({role}), lambda: situation
        )

    own = Situation(actor="a", proposed_by="a")
    assert refuse(Action.APPROVE, State.TRIAGE, Role.PUBLIC, own) == Refusal.WRONG_STATE
    assert refuse(Action.APPROVE, State.DECISION_PROPOSED, Role.PUBLIC, own) == Refusal.WRONG_ROLE
    assert refuse(Action.APPROVE, State.DECISION_PROPOSED, Role.APPROVER, own) == "own_proposal"
    other = replace(own, actor="b")
    assert refuse(Action.APPROVE, State.DECISION_PROPOSED, Role.APPROVER, other) == ""


@pytest.mark.parametrize("state", list(State))
def test_each_role_alone_is_refused_what_the_table_does_not_give_it(state):
    for action, move in MOVES.items():
        sources, _target, roles = ROWS[action]
        for role in Role:
            reason = lifecycle.refusal(
                replace(move, guard=None), state, frozenset({role}), Situation
            )
            expected = Refusal.WRONG_ROLE if state in sources else Refusal.WRONG_STATE
            assert reason == ("" if state in sources and role in roles else expected)


DECIDED = ItemSituation(outcome="deleted", grants=True)
REFUSED = ItemSituation(outcome="refused", ground="legal_duty")


@pytest.mark.parametrize(
    ("guard", "situation", "reason"),
    [
        (lifecycle.has_no_contact, Situation(has_contact=False), ""),
        (lifecycle.has_no_contact, Situation(has_contact=True), "contact_must_be_confirmed"),
        (lifecycle.every_item_is_decided, Situation(), "no_items"),
        (lifecycle.every_item_is_decided, Situation(items=(DECIDED, REFUSED)), ""),
        (
            lifecycle.every_item_is_decided,
            Situation(items=(DECIDED, ItemSituation())),
            "item_undecided",
        ),
        (
            lifecycle.every_item_is_decided,
            Situation(items=(replace(REFUSED, ground=""),)),
            "refusal_without_ground",
        ),
        (
            lifecycle.every_item_is_decided,
            Situation(items=(replace(DECIDED, assurance_suffices=False),)),
            "assurance_too_low",
        ),
        (
            lifecycle.every_item_is_decided,
            Situation(items=(replace(DECIDED, verified=False),)),
            "not_verified",
        ),
        (
            lifecycle.every_item_is_decided,
            Situation(items=(DECIDED,), kin_checked=False),
            "kin_not_checked",
        ),
        # To refuse, nobody needs to be known, nor a relative to be looked at.
        (
            lifecycle.every_item_is_decided,
            Situation(items=(REFUSED,), kin_checked=False),
            "",
        ),
        (
            lifecycle.every_item_is_decided,
            Situation(items=(replace(REFUSED, assurance_suffices=False),)),
            "",
        ),
        (lifecycle.is_not_own_proposal, Situation(actor="a", proposed_by="b"), ""),
        (lifecycle.is_not_own_proposal, Situation(actor="a", proposed_by="a"), "own_proposal"),
        (lifecycle.everything_is_executed, Situation(items=(DECIDED,)), ""),
        (
            lifecycle.everything_is_executed,
            Situation(items=(DECIDED, replace(DECIDED, executed=False))),
            "not_executed",
        ),
        (
            lifecycle.everything_is_executed,
            Situation(items=(DECIDED, replace(DECIDED, suppressed=False))),
            "not_suppressed",
        ),
        (
            lifecycle.is_another_reviewer,
            Situation(actor="a", earlier_proposers=frozenset({"b", "c"})),
            "",
        ),
        (
            lifecycle.is_another_reviewer,
            Situation(actor="b", earlier_proposers=frozenset({"b", "c"})),
            "own_earlier_decision",
        ),
        (lifecycle.extension_is_open, Situation(extension_open=True), ""),
        (lifecycle.extension_is_open, Situation(), "no_extension"),
        (lifecycle.fee_may_be_asked, Situation(fee_allowed=True), ""),
        (lifecycle.fee_may_be_asked, Situation(), "no_fee"),
        (
            lifecycle.fee_may_be_asked,
            Situation(fee_allowed=True, fee_asked=True),
            "fee_already_asked",
        ),
        (lifecycle.fee_time_is_over, Situation(fee_time_over=True), ""),
        (lifecycle.fee_time_is_over, Situation(), "fee_time_runs"),
        (
            lifecycle.unpaid_request_may_end,
            Situation(actor="a", fee_asked_by="b", fee_time_over=True),
            "",
        ),
        (
            lifecycle.unpaid_request_may_end,
            Situation(actor="a", fee_asked_by="b"),
            "fee_time_runs",
        ),
        (
            lifecycle.unpaid_request_may_end,
            Situation(actor="a", fee_asked_by="b", fee_time_over=True, part_is_free=True),
            "part_is_free",
        ),
        (
            lifecycle.unpaid_request_may_end,
            Situation(actor="a", fee_asked_by="a", fee_time_over=True),
            "own_fee",
        ),
        (lifecycle.abuse_was_reported_by_another, Situation(actor="a"), "abuse_not_reported"),
        (
            lifecycle.abuse_was_reported_by_another,
            Situation(actor="a", abuse_reported_by="a"),
            "own_report",
        ),
        (
            lifecycle.abuse_was_reported_by_another,
            Situation(actor="a", abuse_reported_by="b"),
            "",
        ),
        (lifecycle.is_not_erased, Situation(), ""),
        (lifecycle.is_not_erased, Situation(erased=True), "erased"),
        (
            lifecycle.erasure_was_requested_by_another,
            Situation(actor="a"),
            "erasure_not_requested",
        ),
        (
            lifecycle.erasure_was_requested_by_another,
            Situation(actor="a", erasure_requested_by="a"),
            "own_erasure_request",
        ),
        (
            lifecycle.erasure_was_requested_by_another,
            Situation(actor="a", erasure_requested_by="b"),
            "",
        ),
        (
            lifecycle.erasure_was_requested_by_another,
            Situation(actor="a", erasure_requested_by="b", erased=True),
            "erased",
        ),
    ],
)
def test_a_guard_gives_its_reason(guard, situation, reason):
    assert guard(situation) == reason


@pytest.mark.parametrize(
    ("action", "guard"),
    [
        (Action.RECEIVE, lifecycle.has_no_contact),
        (Action.PROPOSE_DECISION, lifecycle.every_item_is_decided),
        (Action.SEND_BACK, lifecycle.is_not_own_proposal),
        (Action.APPROVE, lifecycle.is_not_own_proposal),
        (Action.ANSWER, lifecycle.everything_is_executed),
        (Action.CONTEST, lifecycle.is_not_erased),
        (Action.REOPEN, lifecycle.is_another_reviewer),
        (Action.EXTEND, lifecycle.extension_is_open),
        (Action.ASK_FEE, lifecycle.fee_may_be_asked),
        (Action.GO_ON_UNPAID, lifecycle.fee_time_is_over),
        (Action.END_UNPAID, lifecycle.unpaid_request_may_end),
        (Action.REJECT_AS_ABUSE, lifecycle.abuse_was_reported_by_another),
        (Action.REQUEST_ERASURE, lifecycle.is_not_erased),
        (Action.ERASE, lifecycle.erasure_was_requested_by_another),
    ],
)
def test_the_moves_which_need_one_have_their_guard(action, guard):
    assert MOVES[action].guard is guard


def test_no_other_move_has_a_guard():
    assert sum(move.guard is not None for move in MOVES.values()) == 14


def test_a_move_cannot_be_changed():
    move: Move = MOVES[Action.APPROVE]

    with pytest.raises(AttributeError):
        move.target = State.CLOSED


def test_the_module_is_pure():
    tree = ast.parse(Path(lifecycle.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported == {"collections", "dataclasses", "enum"}
