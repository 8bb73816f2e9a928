"""The buttons of a case: for each role and state exactly what the lifecycle says."""

import pytest

from requests_portal.staff.case.actions.buttons import NEXT_STEPS, buttons_for
from requests_portal.staff.case.actions.table import NOTE, PAGES
from requests_portal.staff.case.presenter import load_case
from tests.factories import OFFICER, REVIEWER, in_review_with_proof, make_case, propose
from tests.personas import make_staff
from tests.requests_portal.staff.addresses import case_url
from workflows.accounts.actors import STAFF_ROLES, Actor
from workflows.cases.lifecycle import MOVES, Action, State
from workflows.cases.transition import refusals
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db

WORKERS = sorted(STAFF_ROLES - {Role.ADMINISTRATOR})


def test_each_action_of_staff_has_a_page_except_adding_a_file() -> None:
    of_staff = {action for action, move in MOVES.items() if move.roles & STAFF_ROLES}
    assert {Action(slug) for slug in PAGES if slug != NOTE} == of_staff


def test_each_open_state_says_what_comes_next() -> None:
    assert set(NEXT_STEPS) == {
        state for state in State if any(state in move.sources for move in MOVES.values())
    } - {State.CLOSED, State.EXPIRED, State.WITHDRAWN, State.MERGED, State.REJECTED_AS_ABUSE}


@pytest.mark.parametrize("state", list(State))
def test_they_follow_from_the_lifecycle(state) -> None:
    case = make_case(state)
    for role in WORKERS:
        actor = Actor(frozenset({role}), f"staff-{role}")
        loaded = load_case(case.pk)
        buttons = buttons_for(loaded, actor)
        refused = refusals(loaded, actor)
        primary = [buttons.primary] if buttons.primary else []
        enabled = {button.page.slug for button in [*primary, *buttons.enabled]} - {NOTE}
        disabled = {button.page.slug for button in [*buttons.disabled, *buttons.not_now]}
        assert enabled | disabled == {action.value for action in refused if action in PAGES}
        assert enabled == {
            action.value
            for action, reason in refused.items()
            if action in PAGES and (not reason or reason in PAGES[action].waives)
        }
        assert all(button.reason for button in [*buttons.disabled, *buttons.not_now])


@pytest.mark.parametrize(
    ("state", "role", "slug"),
    [
        (State.RECEIVED, "intake", "begin_triage"),
        (State.TRIAGE, "reviewer", "begin_review"),
        (State.TRIAGE, "intake", "ask_information"),
        (State.IDENTITY_NEEDED, "intake", "accept_identity"),
        (State.IN_REVIEW, "reviewer", "record_finding"),
        (State.DECISION_PROPOSED, "approver", "approve"),
        (State.EXECUTING, "approver", "answer"),
        (State.ANSWERED, "reviewer", "close"),
    ],
)
def test_one_of_them_is_what_comes_next(sign_in, state, role, slug) -> None:
    case = make_case(state)
    page = sign_in(make_staff("someone", role)).get(case_url(case)).content.decode()
    primary = page.partition("staff-primary")[2].partition(">")[0]
    assert f"/do/{slug}/" in primary


def test_when_everything_is_found_the_proposal_comes_next() -> None:
    case = load_case(in_review_with_proof().pk)
    assert buttons_for(case, REVIEWER).primary.page.slug == Action.PROPOSE_DECISION


def test_no_receipt_is_asked_for_where_nothing_waits(sign_in, data_steward) -> None:
    page = sign_in(data_steward).get(case_url(make_case(State.EXECUTING))).content.decode()
    assert "Nothing is waiting to be carried out." in page
    assert f"/do/{Action.RECORD_EXECUTION}/" not in page


def test_what_is_not_allowed_is_shown_with_the_reason(sign_in, privacy_officer) -> None:
    client = sign_in(privacy_officer)
    case = in_review_with_proof()
    client.get("/staff/")
    propose(case, Actor(OFFICER.roles, privacy_officer.staff_identity.pseudonym))
    page = client.get(case_url(case)).content.decode()
    assert "You proposed this decision; somebody else has to decide on it." in page
    assert f"/do/{Action.APPROVE}/" not in page
    assert 'disabled aria-describedby="why-approve"' in page
    assert "This cannot be done in the state in which the case is now." in page
