"""The table walked cell by cell against the real database, guards, and people at the same time."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.factories import (
    APPROVER,
    ERIKA,
    INTAKE,
    OFFICER,
    OTHER_OFFICER,
    OTHER_REVIEWER,
    REVIEWER,
    WANG,
    earlier_case,
    file,
    granted,
    in_review_with_proof,
    make_case,
    propose,
    provider,
)
from tests.lifecycle_table import ROWS
from tests.threads import at_once
from workflows.accounts.actors import PUBLIC, SYSTEM, Actor
from workflows.cases import correspondence, staff_actions
from workflows.cases.clocks import lead_differs
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import MOVES, Action, State
from workflows.cases.models import Case, Message
from workflows.cases.names import REFUSAL_TEXTS
from workflows.cases.staff_actions import ItemProposal
from workflows.cases.transition import advance, append_case_event, lock_case, refusals
from workflows.common.state_machine import Refusal
from workflows.identity.contact import open_challenge
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.outbox.models import Effect
from workflows.retention.erasure import erase, request_erasure
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import Assurance
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db

MEMBER = "staff-of-this-cell"
ROWS_REINSTATED = {State.EXPIRED, State.REJECTED_AS_ABUSE}
SOMEBODY = "staff-somebody-else"


def make_ready_case(state: State) -> Case:
    """Make a case in one state for which every guard lets through, so that the cell decides."""
    case = make_case(state, ERIKA)
    provider(established_in=["IE"], offers_service_in=["CN"], processes_in=["CN"])
    case.items.update(outcome=Outcome.REFUSED, ground="excessive", executed=True)
    now = timezone.now()
    other = earlier_case(case)
    Case.objects.filter(pk=case.pk).update(
        has_contact=False,
        contact_confirmed_at=now,
        merge_proposed_by=SOMEBODY,
        merge_proposed_into=other,
        proposed_by=SOMEBODY,
        earlier_deciders=[SOMEBODY],
        assurance_set_by=SOMEBODY,
        abuse_reported_by=SOMEBODY,
        fee_asked_by=SOMEBODY,
        fee_due_on=timezone.localdate() - timedelta(days=2),
        erasure_requested_by=SOMEBODY,
    )
    case.refresh_from_db()
    if state in ROWS_REINSTATED:
        facts = {"complaint": str(uuid4()), "finding": "upheld"}
        append_case_event(case, "complaint.answered", role=Role.SYSTEM, facts=facts)
    return case


def actor_of(role: Role) -> Actor:
    return Actor(frozenset({role}), "" if role in {Role.PUBLIC, Role.SYSTEM} else MEMBER)


def traces(case: Case) -> dict:
    """Everything that a move could leave behind: the case with its clocks, and what was added."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(c), (SELECT jsonb_agg(k ORDER BY k.id) FROM cases_clock k),"
            " (SELECT count(*) FROM cases_clockevent), (SELECT count(*) FROM ledger_event),"
            " (SELECT count(*) FROM cases_eventcontent), (SELECT count(*) FROM outbox_effect)"
            " FROM cases_case c WHERE c.id = %s",
            [case.pk],
        )
        names = ("case", "clocks", "clock_events", "events", "contents", "effects")
        row = dict(zip(names, cursor.fetchone(), strict=True))
    return {**row, "case": json.loads(row["case"])}


@pytest.mark.parametrize("state", list(State))
def test_every_cell(state):
    case = make_ready_case(state)
    before = traces(case)

    for action in Action:
        sources, _target, roles = ROWS[action]
        takers = roles if state in sources else set()
        for role in takers:
            _check_taken(case, action, Role(role), before)
        _check_refused(case, action, frozenset(set(Role) - takers), before)


def _check_taken(case: Case, action: Action, role: Role, before: dict) -> None:
    """An allowed move succeeds, and is rolled back."""
    savepoint = transaction.savepoint()
    # A receipt needs something that waits to be carried out, an answer that nothing does.
    case.items.update(executed=action != Action.RECORD_EXECUTION)
    event = advance(case, action, actor_of(role))

    assert case.state == (ROWS[action][1] or before["case"]["state"])
    _check_records(case, action, role, event, before)
    transaction.savepoint_rollback(savepoint)
    case.refresh_from_db()


def _check_refused(case: Case, action: Action, others: frozenset[Role], before: dict) -> None:
    """Somebody who holds every other role is refused for the right reason; so is who holds one."""
    with pytest.raises(MoveRefused) as refused:
        advance(case, action, Actor(others, MEMBER))

    in_state = case.state in ROWS[action][0]
    expected = Refusal.WRONG_ROLE if in_state else Refusal.WRONG_STATE
    assert refused.value.reason == expected
    assert str(refused.value) == str(REFUSAL_TEXTS[expected])
    assert traces(case) == before


def _check_records(case: Case, action: Action, role: Role, event: Event, before: dict) -> None:
    """One event, the clock event and the effects of the move, and nothing more."""
    move, after = MOVES[action], traces(case)
    added = {
        name: after[name] - before[name]
        for name in ("clock_events", "events", "contents", "effects")
    }

    assert added == {
        "clock_events": int(bool(move.clock_event)),
        "events": 1,
        "contents": 0,
        "effects": len(move.effects),
    }
    assert (event.name, event.role, event.case) == (move.event, role, case.pseudonym)
    assert event.facts == {"from": before["case"]["state"], "to": case.state}
    for effect in move.effects:
        assert Effect.objects.get(key=f"{effect}:{event.uid}").payload == {"case": str(case.pk)}


# --- What the guards look at ------------------------------------------------------------------


def refused_with(reason: str, case: Case, action: Action, actor: Actor) -> None:
    before = traces(case)
    with pytest.raises(MoveRefused) as refused:
        advance(case, action, actor)
    assert refused.value.reason == reason
    assert traces(case) == before


def test_who_named_an_address_must_confirm_it():
    refused_with("contact_must_be_confirmed", file().case, Action.RECEIVE, SYSTEM)

    anonymous = file(email="").case
    advance(anonymous, Action.RECEIVE, SYSTEM)
    assert anonymous.state == State.RECEIVED


def test_a_decision_needs_an_outcome_for_each_item():
    case = make_case(State.IN_REVIEW, ERIKA)
    case.items.filter(position=1).update(outcome=Outcome.NOT_HELD)

    refused_with("item_undecided", case, Action.PROPOSE_DECISION, REVIEWER)


def test_a_refusal_needs_a_ground():
    case = make_case(State.IN_REVIEW)
    case.items.update(outcome=Outcome.REFUSED)

    refused_with("refusal_without_ground", case, Action.PROPOSE_DECISION, REVIEWER)


@pytest.mark.parametrize(
    ("assurance", "reason"),
    [
        (Assurance.NONE, "assurance_too_low"),
        (Assurance.CONTACT, "assurance_too_low"),
        (Assurance.MATCHED, ""),
        (Assurance.DOCUMENT, ""),
    ],
)
def test_a_grant_needs_the_assurance_that_the_law_asks_for(assurance, reason):
    case = make_case(State.IN_REVIEW, WANG)
    case.items.update(outcome=Outcome.CORRECTED, is_verified=True)
    Case.objects.filter(pk=case.pk).update(assurance=assurance)
    case.refresh_from_db()

    assert refusals(case, REVIEWER)[Action.PROPOSE_DECISION] == reason


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_HELD, Outcome.NOT_IDENTIFIABLE])
def test_to_say_no_nobody_needs_to_be_known(outcome):
    case = make_case(State.IN_REVIEW)

    propose(case, outcome=outcome)

    assert case.state == State.DECISION_PROPOSED


def test_nobody_decides_on_a_proposal_of_their_own():
    both = Actor(frozenset({Role.REVIEWER, Role.APPROVER}), "staff-both")
    case = make_case(State.IN_REVIEW)
    propose(case, both)

    refused_with("own_proposal", case, Action.APPROVE, both)
    refused_with("own_proposal", case, Action.SEND_BACK, both)
    advance(case, Action.APPROVE, APPROVER)


def test_the_privacy_officer_is_no_exception():
    case = make_case(State.IN_REVIEW)
    propose(case, OFFICER)

    refused_with("own_proposal", case, Action.APPROVE, OFFICER)
    advance(case, Action.APPROVE, OTHER_OFFICER)


def test_an_answer_waits_until_the_change_was_made():
    case = granted()

    refused_with("not_executed", case, Action.ANSWER, APPROVER)
    case.items.update(executed=True)
    moves.answer(case, APPROVER)


def test_a_contested_decision_goes_to_somebody_who_had_no_part_in_it():
    case = make_case(State.CONTESTED)

    refused_with("own_earlier_decision", case, Action.REOPEN, REVIEWER)
    advance(case, Action.REOPEN, OTHER_REVIEWER)
    assert case.state == State.IN_REVIEW


def test_what_is_contested_is_not_late_by_the_date_of_its_answer():
    case = make_case(State.ANSWERED)
    assert case.due_at is not None

    correspondence.contest(case, "You overlooked the second dataset.")

    anew = case.clocks.get(leads=True, round=1)
    assert (case.due_at, case.due_on) == (anew.due_at, anew.due_on)
    assert not lead_differs(case)


def test_whoever_proposed_before_a_sending_back_took_part_as_well():
    case = make_case(State.IN_REVIEW)
    propose(case, REVIEWER)
    staff_actions.send_back(case, APPROVER, "Look again.")
    propose(case, OTHER_REVIEWER)
    staff_actions.approve(case, APPROVER)
    moves.answer(case, APPROVER)
    correspondence.contest(case, "I do not agree.")

    refused_with("own_earlier_decision", case, Action.REOPEN, REVIEWER)
    refused_with("own_earlier_decision", case, Action.REOPEN, OTHER_REVIEWER)


def test_a_law_without_extension_allows_none():
    refused_with("no_extension", make_case(State.IN_REVIEW, WANG), Action.EXTEND, REVIEWER)


def test_time_is_extended_once():
    case = make_case(State.IN_REVIEW, ERIKA)
    moves.extend(case, REVIEWER, "A large dataset.")

    refused_with("no_extension", case, Action.EXTEND, REVIEWER)


def test_what_is_late_cannot_be_extended():
    case = make_case(State.IN_REVIEW, ERIKA, at=timezone.now() - timedelta(days=50))

    refused_with("no_extension", case, Action.EXTEND, REVIEWER)


def test_abuse_takes_two():
    case = make_case(State.TRIAGE)
    both = Actor(frozenset({Role.INTAKE, Role.APPROVER}), "staff-both")

    refused_with("abuse_not_reported", case, Action.REJECT_AS_ABUSE, both)
    staff_actions.report_abuse(case, both, "The same text a thousand times.")
    refused_with("own_report", case, Action.REJECT_AS_ABUSE, both)
    moves.reject_as_abuse(case, APPROVER, "Filed by a script.", "bad_faith")
    assert case.state == State.REJECTED_AS_ABUSE


def test_erasure_takes_two_and_happens_once():
    case = make_case(State.CLOSED)

    refused_with("erasure_not_requested", case, Action.ERASE, OTHER_OFFICER)
    request_erasure(case, OFFICER, "retention_over")
    refused_with("own_erasure_request", case, Action.ERASE, OFFICER)
    erase(case, OTHER_OFFICER)
    refused_with("erased", case, Action.ERASE, OTHER_OFFICER)
    refused_with("erased", case, Action.REQUEST_ERASURE, OFFICER)
    refused_with("erased", case, Action.CONTEST, PUBLIC)


# --- What a move changes besides the state ----------------------------------------------------


def test_an_ended_case_says_when_and_a_contested_one_forgets_it():
    case = make_case(State.CLOSED)
    assert case.closed_at is not None

    correspondence.contest(case, "I do not agree.")
    assert case.closed_at is None


def test_the_event_names_the_role_under_which_a_member_of_several_acted():
    both = Actor(frozenset({Role.INTAKE, Role.REVIEWER, Role.APPROVER}), MEMBER)
    case = make_case(State.TRIAGE)

    assert advance(case, Action.BEGIN_REVIEW, both).role == Role.REVIEWER
    assert advance(case, Action.ASSIGN, both).role == Role.INTAKE


def test_an_actor_without_any_role_may_do_nothing():
    case = make_case(State.TRIAGE)

    assert refusals(case, Actor(frozenset(), MEMBER)) == {}
    refused_with(Refusal.WRONG_ROLE, case, Action.BEGIN_REVIEW, Actor(frozenset(), MEMBER))


def outcome_of(case: Case, action: Action, actor: Actor) -> str:
    try:
        advance(case, action, actor)
    except MoveRefused as refused:
        return refused.reason
    return ""


@pytest.mark.parametrize("state", list(State))
def test_refusals_say_beforehand_what_advance_will_say(state):
    case = make_case(state, ERIKA)

    for actor in (PUBLIC, SYSTEM, INTAKE, REVIEWER, APPROVER, OFFICER):
        for action, reason in refusals(case, actor).items():
            savepoint = transaction.savepoint()
            assert outcome_of(case, action, actor) == reason
            # A refused move leaves no trace: `refused_with` and the cells see to that.
            if not reason:
                transaction.savepoint_rollback(savepoint)
                case.refresh_from_db()


def test_a_failure_behind_a_move_takes_the_move_back():
    case = make_case(State.TRIAGE)
    before = traces(case)

    def fail_after_moving():
        with transaction.atomic():
            advance(case, Action.BEGIN_REVIEW, REVIEWER)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_moving()
    assert traces(case) == before


def test_a_move_looks_at_the_case_as_it_stands_and_not_as_it_was_loaded():
    case = make_case(State.TRIAGE)
    stale = Case.objects.get(pk=case.pk)
    advance(case, Action.BEGIN_REVIEW, REVIEWER)

    refused_with(Refusal.WRONG_STATE, stale, Action.BEGIN_REVIEW, REVIEWER)


def test_a_move_takes_the_same_queries_for_one_item_and_for_ten(django_assert_max_num_queries):
    for items in (WANG.items, WANG.items * 10):
        case = make_case(State.TRIAGE, WANG, items=items)
        with django_assert_max_num_queries(14):
            advance(Case.objects.get(pk=case.pk), Action.BEGIN_REVIEW, REVIEWER)


# --- Two members of staff at the same moment --------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_who_propose_at_once_one_is_refused_and_leaves_nothing():
    case = in_review_with_proof()

    def by(actor, outcome):
        mine = Case.objects.get(pk=case.pk)
        proposals = [
            ItemProposal(item, outcome, f"By {actor.pseudonym}.", "not_proved")
            for item in mine.items.all()
        ]
        return lambda: moves.propose_decision(mine, actor, proposals)

    results = at_once(by(REVIEWER, Outcome.REFUSED), by(OTHER_REVIEWER, Outcome.CORRECTED))

    refused = [result for result in results if isinstance(result, MoveRefused)]
    assert [error.reason for error in refused] == [Refusal.WRONG_STATE]
    case.refresh_from_db()
    winner = REVIEWER if results[0] is None else OTHER_REVIEWER
    assert case.state == State.DECISION_PROPOSED
    assert case.proposed_by == winner.pseudonym
    assert [item.reasons for item in case.items.all()] == [f"By {winner.pseudonym}."]
    assert Event.objects.filter(case=case.pseudonym, name="decision.proposed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_approving_and_withdrawing_at_once_ends_in_one_of_both():
    case = make_case(State.DECISION_PROPOSED)

    approved, withdrawn = at_once(
        lambda: staff_actions.approve(Case.objects.get(pk=case.pk), APPROVER),
        lambda: correspondence.withdraw(Case.objects.get(pk=case.pk)),
    )

    # Withdrawing is allowed after approving, approving after withdrawing is not.
    case.refresh_from_db()
    assert case.state == State.WITHDRAWN
    assert withdrawn is None
    assert approved is None or approved.reason == Refusal.WRONG_STATE


@pytest.mark.django_db(transaction=True)
def test_what_refers_to_a_locked_case_is_written_all_the_same():
    case = make_case()

    def write() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        return open_challenge(case, uuid4())

    with transaction.atomic():
        lock_case(case)
        [token] = at_once(write)

    assert token


@pytest.mark.django_db(transaction=True)
def test_messages_at_once_all_arrive_with_steps_without_a_gap():
    case = make_case(State.TRIAGE)

    results = at_once(
        *(
            lambda n=n: correspondence.write_to_provider(
                Case.objects.get(pk=case.pk), f"Message {n}."
            )
            for n in range(6)
        )
    )

    assert all(isinstance(result, Message) for result in results)
    steps = list(
        Event.objects.filter(case=case.pseudonym).order_by("step").values_list("step", flat=True)
    )
    assert steps == list(range(1, len(steps) + 1))


def test_to_refuse_what_the_table_forbids_one_row_is_read(django_assert_num_queries):
    case = make_case(State.CLOSED)

    # The savepoint, the locked row, and back to the savepoint.
    with django_assert_num_queries(4), pytest.raises(MoveRefused):
        advance(case, Action.BEGIN_TRIAGE, INTAKE)
