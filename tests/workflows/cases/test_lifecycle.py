"""The table of moves and its guards, without a database."""

import ast
from dataclasses import replace
from inspect import unwrap
from pathlib import Path

import pytest

from tests.lifecycle_table import ENDED, OPEN_STATES, ROWS
from workflows.cases import guards, lifecycle
from workflows.cases.guards import ItemSituation, Situation
from workflows.cases.lifecycle import FINAL, MOVES, OPEN, Action, Move, State
from workflows.common import state_machine
from workflows.common.state_machine import Refusal, refusal
from workflows.vocabulary.roles import Role


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


def test_an_ended_case_is_left_only_by_the_word_of_the_person_or_to_put_right_how_it_ended():
    ways = {
        (source, move.action)
        for move in MOVES.values()
        if move.target is not None
        for source in move.sources & FINAL
    }

    assert ways == {
        (State.CLOSED, Action.CONTEST),
        (State.MERGED, Action.UNMERGE),
        (State.REJECTED_AS_ABUSE, Action.REINSTATE),
        (State.EXPIRED, Action.REINSTATE),
    }


def test_each_open_case_can_be_withdrawn_by_the_person_without_a_condition():
    assert MOVES[Action.WITHDRAW].sources == OPEN
    assert MOVES[Action.WITHDRAW].guard is None


def test_the_table_decides_in_the_order_state_role_guard():
    def refuse(action, state, role, situation):
        return refusal(lifecycle.MOVES[action], state, frozenset({role}), lambda: situation)

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
            reason = refusal(replace(move, guard=None), state, frozenset({role}), Situation)
            expected = Refusal.WRONG_ROLE if state in sources else Refusal.WRONG_STATE
            assert reason == ("" if state in sources and role in roles else expected)


DECIDED = ItemSituation(outcome="deleted", grants=True)
REFUSED = ItemSituation(outcome="refused")
MERGEABLE = Situation(actor="a", has_merge_target=True, merge_target_open=True)


@pytest.mark.parametrize(
    ("guard", "situation", "reason"),
    [
        (guards.has_no_contact, Situation(has_contact=False), ""),
        (guards.has_no_contact, Situation(has_contact=True), "contact_must_be_confirmed"),
        (guards.every_item_is_decided, Situation(), "no_items"),
        (guards.every_item_is_decided, Situation(items=(DECIDED, REFUSED)), ""),
        (
            guards.every_item_is_decided,
            Situation(items=(DECIDED, ItemSituation())),
            "item_undecided",
        ),
        (
            guards.every_item_is_decided,
            Situation(items=(replace(REFUSED, has_grounds=False),)),
            "refusal_without_ground",
        ),
        (
            guards.every_item_is_decided,
            Situation(items=(replace(DECIDED, assurance_suffices=False),)),
            "assurance_too_low",
        ),
        (
            guards.every_item_is_decided,
            Situation(items=(replace(DECIDED, verified=False),)),
            "not_verified",
        ),
        (
            guards.every_item_is_decided,
            Situation(items=(DECIDED,), kin_checked=False),
            "kin_not_checked",
        ),
        # To refuse, nobody needs to be known, nor a relative to be looked at.
        (
            guards.every_item_is_decided,
            Situation(items=(REFUSED,), kin_checked=False),
            "",
        ),
        (
            guards.every_item_is_decided,
            Situation(items=(replace(REFUSED, assurance_suffices=False),)),
            "",
        ),
        (
            guards.every_item_is_decided,
            Situation(items=(replace(DECIDED, identity_confirmed=False),)),
            "identity_not_confirmed",
        ),
        (
            guards.every_item_is_decided,
            Situation(items=(replace(REFUSED, identity_confirmed=False),)),
            "",
        ),
        (
            guards.may_be_approved,
            Situation(actor="a", items=(replace(DECIDED, identity_confirmed=False),)),
            "identity_not_confirmed",
        ),
        (
            guards.may_be_approved,
            Situation(actor="a", items=(replace(REFUSED, identity_confirmed=False),)),
            "",
        ),
        (guards.may_be_approved, Situation(actor="a", proposed_by="a"), "own_proposal"),
        (guards.identity_was_accepted, Situation(), "identity_not_accepted"),
        (guards.identity_was_accepted, Situation(identity_accepted_by="a"), ""),
        (guards.identity_was_accepted_by_another, Situation(), "identity_not_accepted"),
        (
            guards.identity_was_accepted_by_another,
            Situation(actor="a", identity_accepted_by="a"),
            "own_identity_check",
        ),
        (
            guards.identity_was_accepted_by_another,
            Situation(actor="a", identity_accepted_by="b"),
            "",
        ),
        (
            guards.identity_was_accepted_by_another,
            Situation(actor="a", identity_accepted_by="b", identity_confirmed_by="c"),
            "identity_confirmed_already",
        ),
        (guards.is_not_own_proposal, Situation(actor="a", proposed_by="b"), ""),
        (guards.is_not_own_proposal, Situation(actor="a", proposed_by="a"), "own_proposal"),
        (
            guards.something_is_to_be_carried_out,
            Situation(items=(DECIDED, replace(DECIDED, executed=False))),
            "",
        ),
        (
            guards.something_is_to_be_carried_out,
            Situation(items=(DECIDED,)),
            "nothing_to_carry_out",
        ),
        (guards.everything_is_executed, Situation(items=(DECIDED,)), ""),
        (
            guards.everything_is_executed,
            Situation(items=(DECIDED, replace(DECIDED, executed=False))),
            "not_executed",
        ),
        (
            guards.everything_is_executed,
            Situation(items=(DECIDED, replace(DECIDED, suppressed=False))),
            "not_suppressed",
        ),
        (
            guards.had_no_part_before,
            Situation(actor="a", earlier_deciders=frozenset({"b", "c"})),
            "",
        ),
        (
            guards.had_no_part_before,
            Situation(actor="b", earlier_deciders=frozenset({"b", "c"})),
            "own_earlier_decision",
        ),
        (guards.extension_is_open, Situation(extension_open=True), ""),
        (guards.extension_is_open, Situation(), "no_extension"),
        (guards.other_laws_apply, Situation(other_laws=True), ""),
        (guards.other_laws_apply, Situation(), "laws_apply"),
        (guards.fee_may_be_asked, Situation(fee_allowed=True), ""),
        (guards.fee_may_be_asked, Situation(), "no_fee"),
        (
            guards.fee_may_be_asked,
            Situation(fee_allowed=True, fee_asked=True),
            "fee_already_asked",
        ),
        (guards.fee_time_is_over, Situation(fee_time_over=True), ""),
        (guards.fee_time_is_over, Situation(), "fee_time_runs"),
        (
            guards.unpaid_request_may_end,
            Situation(actor="a", fee_asked_by="b", fee_time_over=True),
            "",
        ),
        (
            guards.unpaid_request_may_end,
            Situation(actor="a", fee_asked_by="b"),
            "fee_time_runs",
        ),
        (
            guards.unpaid_request_may_end,
            Situation(actor="a", fee_asked_by="b", fee_time_over=True, part_is_free=True),
            "part_is_free",
        ),
        (
            guards.unpaid_request_may_end,
            Situation(actor="a", fee_asked_by="a", fee_time_over=True),
            "own_fee",
        ),
        (guards.merge_target_goes_on, Situation(), "no_merge_target"),
        (guards.merge_target_goes_on, Situation(has_merge_target=True), "merge_target_decided"),
        (guards.merge_target_goes_on, MERGEABLE, ""),
        (guards.contact_is_in_common, Situation(), "no_merge_target"),
        (guards.contact_is_in_common, MERGEABLE, "no_contact_in_common"),
        (guards.contact_is_in_common, replace(MERGEABLE, contact_in_common=True), ""),
        (
            guards.contact_is_in_common,
            replace(MERGEABLE, contact_in_common=True, merge_contested=True),
            "merge_contested",
        ),
        (guards.merge_was_proposed, Situation(), "merge_not_proposed"),
        (guards.merge_was_proposed, Situation(merge_proposed_by="a"), ""),
        (guards.merge_was_proposed_by_another, MERGEABLE, "merge_not_proposed"),
        (
            guards.merge_was_proposed_by_another,
            replace(MERGEABLE, merge_proposed_by="a"),
            "own_merge_proposal",
        ),
        (guards.merge_was_proposed_by_another, replace(MERGEABLE, merge_proposed_by="b"), ""),
        (
            guards.merge_was_proposed_by_another,
            Situation(actor="a", merge_proposed_by="b", has_merge_target=True),
            "merge_target_decided",
        ),
        (guards.abuse_was_reported_by_another, Situation(actor="a"), "abuse_not_reported"),
        (
            guards.abuse_was_reported_by_another,
            Situation(actor="a", abuse_reported_by="a"),
            "own_report",
        ),
        (
            guards.abuse_was_reported_by_another,
            Situation(actor="a", abuse_reported_by="b"),
            "",
        ),
        (guards.is_not_erased, Situation(), ""),
        (guards.is_not_erased, Situation(erased=True), "erased"),
        (guards.may_be_erased, Situation(), ""),
        (guards.may_be_erased, Situation(erased=True), "erased"),
        (guards.may_be_erased, Situation(complaint_open=True), "complaint_open"),
        (
            guards.erasure_was_requested_by_another,
            Situation(actor="a", erasure_requested_by="b", complaint_open=True),
            "complaint_open",
        ),
        (
            guards.erasure_was_requested_by_another,
            Situation(actor="a"),
            "erasure_not_requested",
        ),
        (
            guards.erasure_was_requested_by_another,
            Situation(actor="a", erasure_requested_by="a"),
            "own_erasure_request",
        ),
        (
            guards.erasure_was_requested_by_another,
            Situation(actor="a", erasure_requested_by="b"),
            "",
        ),
        (
            guards.erasure_was_requested_by_another,
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
        (Action.RECEIVE, guards.has_no_contact),
        (Action.PROPOSE_DECISION, guards.every_item_is_decided),
        (Action.SEND_BACK, guards.is_not_own_proposal),
        (Action.APPROVE, guards.may_be_approved),
        (Action.STOP_EXECUTION, guards.is_not_own_proposal),
        (Action.CONFIRM_IDENTITY, guards.identity_was_accepted_by_another),
        (Action.DOUBT_IDENTITY, guards.identity_was_accepted),
        (Action.RECORD_EXECUTION, guards.something_is_to_be_carried_out),
        (Action.ANSWER, guards.everything_is_executed),
        (Action.CONTEST, guards.is_not_erased),
        (Action.REOPEN, guards.had_no_part_before),
        (Action.REPORT_ABUSE, guards.had_no_part_before),
        (Action.EXTEND, guards.extension_is_open),
        (Action.CHANGE_LAW, guards.other_laws_apply),
        (Action.ASK_FEE, guards.fee_may_be_asked),
        (Action.GO_ON_UNPAID, guards.fee_time_is_over),
        (Action.END_UNPAID, guards.unpaid_request_may_end),
        (Action.PROPOSE_MERGE, guards.merge_target_goes_on),
        (Action.MERGE, guards.contact_is_in_common),
        (Action.APPROVE_MERGE, guards.merge_was_proposed_by_another),
        (Action.DECLINE_MERGE, guards.merge_was_proposed),
        (Action.UNMERGE, guards.is_not_erased),
        (Action.REJECT_AS_ABUSE, guards.abuse_was_reported_by_another),
        (Action.REINSTATE, guards.complaint_was_upheld),
        (Action.REQUEST_ERASURE, guards.may_be_erased),
        (Action.ERASE, guards.erasure_was_requested_by_another),
    ],
)
def test_the_moves_which_need_one_have_their_guard(action, guard):
    assert unwrap(MOVES[action].guard) is guard


def test_whatever_decides_is_kept_from_those_who_decided_before():
    before = Situation(actor="a", earlier_deciders=frozenset({"a", "b"}))

    assert {
        action
        for action, move in MOVES.items()
        if move.guard and move.guard(before) == "own_earlier_decision"
    } == {
        Action.REOPEN,
        Action.PROPOSE_DECISION,
        Action.APPROVE,
        Action.END_UNPAID,
        Action.PROPOSE_MERGE,
        Action.MERGE,
        Action.APPROVE_MERGE,
        Action.REPORT_ABUSE,
        Action.REJECT_AS_ABUSE,
    }


def test_no_other_move_has_a_guard():
    assert sum(move.guard is not None for move in MOVES.values()) == 26


def test_a_move_cannot_be_changed():
    move: Move = MOVES[Action.APPROVE]

    with pytest.raises(AttributeError):
        move.target = State.CLOSED


@pytest.mark.parametrize("module", [lifecycle, guards, state_machine])
def test_the_module_is_pure(module):
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported <= {
        "collections.abc",
        "dataclasses",
        "enum",
        "functools",
        "typing",
        "workflows.cases",
        "workflows.cases.guards",
        "workflows.common",
        "workflows.vocabulary.roles",
    }
