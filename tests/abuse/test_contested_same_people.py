"""What was contested is decided anew by people who had no part in the first decision."""

import pytest
from django.utils import translation

from requests_portal.staff.case.actions.buttons import buttons_for
from requests_portal.staff.case.presenter import load_case
from tests import factories as make
from tests.complaints import take_to
from workflows.accounts.actors import Actor
from workflows.cases import merging, staff_actions
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import Action, State
from workflows.cases.transition import advance, refusals
from workflows.complaints import services as complaints
from workflows.complaints.lifecycle import State as ComplaintState
from workflows.notices import moves
from workflows.retention.erasure import erase, request_erasure
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db

# One person with both roles, as in a small team.
BOTH = Actor(frozenset({Role.REVIEWER, Role.APPROVER}), make.REVIEWER.pseudonym)
APPROVER_WHO_REVIEWS = Actor(frozenset({Role.REVIEWER}), make.APPROVER.pseudonym)


def reason(move, *arguments) -> str:
    with pytest.raises(MoveRefused) as refused:
        move(*arguments)
    return refused.value.reason


def reopened():
    case = make.make_case(State.CONTESTED)
    advance(case, Action.REOPEN, make.OTHER_REVIEWER)
    return case


@pytest.mark.parametrize("actor", [make.REVIEWER, APPROVER_WHO_REVIEWS])
def test_neither_of_the_first_two_takes_it_up_or_proposes_again(actor):
    case = make.make_case(State.CONTESTED)

    assert reason(advance, case, Action.REOPEN, actor) == "own_earlier_decision"
    advance(case, Action.REOPEN, make.OTHER_REVIEWER)
    assert reason(make.propose, case, actor) == "own_earlier_decision"
    make.propose(case, make.OTHER_REVIEWER)


@pytest.mark.parametrize("actor", [make.APPROVER, BOTH])
def test_neither_of_the_first_two_approves_the_second(actor):
    case = reopened()
    make.propose(case, make.OTHER_REVIEWER)

    assert reason(staff_actions.approve, case, actor) == "own_earlier_decision"
    staff_actions.approve(case, make.OTHER_APPROVER)
    assert case.state == State.EXECUTING


def test_each_life_of_the_case_adds_its_people():
    case = reopened()
    make.propose(case, make.OTHER_REVIEWER)
    staff_actions.approve(case, make.OTHER_APPROVER)
    moves.answer(case, make.OTHER_APPROVER)
    make._ASIDE[State.CONTESTED][1](case)

    for actor in (make.REVIEWER, make.OTHER_REVIEWER, APPROVER_WHO_REVIEWS):
        assert reason(advance, case, Action.REOPEN, actor) == "own_earlier_decision"
    advance(case, Action.REOPEN, make.OFFICER)
    make.propose(case, make.OFFICER)
    for actor in (make.APPROVER, make.OTHER_APPROVER):
        assert reason(staff_actions.approve, case, actor) == "own_earlier_decision"
    staff_actions.approve(case, make.OTHER_OFFICER)


def test_it_holds_after_an_upheld_complaint():
    case = make.make_case(State.ANSWERED, make.ERIKA, residence="GB-ENG")
    complaint = complaints.contest_answer(case, "You overlooked the second dataset.")
    assert complaint is not None
    take_to(complaint, ComplaintState.ANSWERED)
    case.refresh_from_db()
    assert case.state == State.CONTESTED

    assert reason(advance, case, Action.REOPEN, make.REVIEWER) == "own_earlier_decision"
    advance(case, Action.REOPEN, make.OTHER_REVIEWER)
    assert reason(make.propose, case, make.REVIEWER) == "own_earlier_decision"
    make.propose(case, make.OTHER_REVIEWER)
    assert reason(staff_actions.approve, case, make.APPROVER) == "own_earlier_decision"


def test_the_contested_case_is_not_ended_by_them_another_way():
    case = reopened()
    into = make.earlier_case(case)

    assert reason(merging.merge_duplicate, case, make.REVIEWER, into) == "own_earlier_decision"
    assert reason(staff_actions.report_abuse, case, make.REVIEWER, "A nuisance.") == (
        "own_earlier_decision"
    )
    staff_actions.report_abuse(case, make.INTAKE, "A nuisance.")
    assert reason(advance, case, Action.REJECT_AS_ABUSE, make.APPROVER) == "own_earlier_decision"


def test_before_anything_is_contested_the_same_two_go_on_after_sending_back():
    case = make.make_case(State.DECISION_PROPOSED)
    staff_actions.send_back(case, make.APPROVER, "Say why.")
    make.propose(case, make.REVIEWER)
    staff_actions.approve(case, make.APPROVER)


def test_the_admin_says_why_and_whom_to_ask():
    case = reopened()
    with translation.override("en"):
        buttons = buttons_for(load_case(case.pk), make.REVIEWER)

    (button,) = [b for b in buttons.disabled if b.page.slug == Action.PROPOSE_DECISION]
    assert "Another reviewer has to propose and another approver has to approve" in button.reason
    assert "an administrator can give a colleague the role" in button.reason
    assert refusals(case, make.OTHER_REVIEWER)[Action.PROPOSE_DECISION] != "own_earlier_decision"


class TestTwoPersonChecksEndWithTheLife:
    def test_an_erasure_requested_before_a_contest_is_requested_anew_after_it(self):
        case = make.make_case(State.CLOSED)
        request_erasure(case, make.OFFICER, "retention_over")
        make._ASIDE[State.CONTESTED][1](case)
        advance(case, Action.REOPEN, make.OTHER_REVIEWER)
        make.propose(case, make.OTHER_REVIEWER)
        staff_actions.approve(case, make.OTHER_APPROVER)
        moves.answer(case, make.OTHER_APPROVER)
        advance(case, Action.CLOSE, make.OTHER_REVIEWER)

        assert reason(erase, case, make.OTHER_OFFICER) == "erasure_not_requested"
        request_erasure(case, make.OFFICER, "retention_over")
        erase(case, make.OTHER_OFFICER)
        assert case.erased_at is not None

    def test_an_old_report_of_abuse_is_void_after_a_contest(self):
        case = make.make_case(State.TRIAGE)
        staff_actions.report_abuse(case, make.INTAKE, "The same text a thousand times.")
        make.walk_on(case, State.CONTESTED)
        advance(case, Action.REOPEN, make.OTHER_REVIEWER)

        refused = reason(advance, case, Action.REJECT_AS_ABUSE, make.OTHER_APPROVER)
        assert refused == "abuse_not_reported"

    def test_whoever_proposes_an_answer_finds_no_abuse_and_no_duplicate(self):
        case = make.make_case(State.IN_REVIEW)
        staff_actions.report_abuse(case, make.INTAKE, "The same text a thousand times.")
        into = make.earlier_case(case)
        merging.propose_merge(case, make.INTAKE, into, "They look alike.")
        make.propose(case)
        staff_actions.send_back(case, make.APPROVER, "Say why.")

        assert reason(advance, case, Action.REJECT_AS_ABUSE, make.APPROVER) == "abuse_not_reported"
        assert reason(merging.approve_merge, case, make.APPROVER) == "merge_not_proposed"

    def test_an_erasure_requested_before_a_merge_is_undone_is_void(self):
        case = make.make_case(State.MERGED)
        request_erasure(case, make.OFFICER, "retention_over")
        merging.unmerge(case)
        from workflows.cases.correspondence import withdraw

        withdraw(case)
        assert reason(erase, case, make.OTHER_OFFICER) == "erasure_not_requested"
