"""Abuse case 18: a move that the table does not know is refused, also when two race for it."""

import pytest

from tests.factories import APPROVER, INTAKE, REVIEWER, make_case
from tests.personas import signed_in
from tests.requests_portal.staff.addresses import action_url
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import MOVES, Action, State
from workflows.cases.transition import advance
from workflows.ledger.models import Event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("action", [Action.APPROVE, Action.ANSWER, Action.ERASE, Action.REOPEN])
def test_a_move_out_of_its_state_leaves_no_trace(action):
    case = make_case(State.TRIAGE)
    before = Event.objects.count()

    with pytest.raises(MoveRefused):
        advance(case, action, APPROVER)
    case.refresh_from_db()
    assert (case.state, Event.objects.count()) == (State.TRIAGE, before)


def test_of_two_who_decide_at_once_the_second_is_told(client):
    case = make_case(State.DECISION_PROPOSED)
    stale = type(case).objects.get(pk=case.pk)
    advance(case, Action.APPROVE, APPROVER)

    with pytest.raises(MoveRefused):
        advance(stale, Action.SEND_BACK, APPROVER)


def test_a_form_that_was_never_offered_cannot_be_sent(intake, settings):
    settings.MFA_REQUIRED = False
    case = make_case(State.DECISION_PROPOSED)

    assert signed_in(intake).post(action_url(case, "approve")).status_code in {302, 403, 404}
    case.refresh_from_db()
    assert case.state == State.DECISION_PROPOSED
    assert not MOVES[Action.APPROVE].roles & INTAKE.roles
    assert not MOVES[Action.APPROVE].roles & REVIEWER.roles
