"""The way back for a case that should not have ended: after a complaint was upheld."""

import pytest
from django.utils import timezone
from freezegun import freeze_time

from tests.factories import (
    ERIKA,
    INTAKE,
    OFFICER,
    OTHER_OFFICER,
    REVIEWER,
    WANG,
    make_case,
)
from workflows.cases import staff_actions
from workflows.cases.clocks import differing_clocks
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.common.errors import InvalidInput
from workflows.complaints import services

pytestmark = pytest.mark.django_db


def complained(state: State, finding: str) -> Case:
    case = make_case(state, ERIKA if state == State.EXPIRED else WANG)
    complaint = services.complain(case, "It was no abuse, and I did confirm.")
    services.acknowledge(complaint, INTAKE)
    services.take_up(complaint, OTHER_OFFICER)
    services.answer(complaint, OTHER_OFFICER, finding, "We looked again.", "It goes on.")
    case.refresh_from_db()
    return case


@pytest.mark.parametrize("state", [State.REJECTED_AS_ABUSE, State.EXPIRED])
@pytest.mark.parametrize("finding", ["upheld", "partly_upheld"])
def test_it_goes_on_with_its_time_running_as_if_it_had_not_ended(state, finding):
    case = complained(state, finding)
    due = case.due_at

    staff_actions.reinstate(case, OFFICER, "It was no abuse.")

    assert case.state == State.TRIAGE
    assert case.closed_at is None
    assert case.abuse_reported_by == ""
    assert case.clocks.filter(leads=True, stopped_at=None).exists()
    case.refresh_from_db()
    assert case.due_at == due
    assert differing_clocks(case) == []


def test_those_whose_rejection_was_wrong_reject_no_more() -> None:
    case = complained(State.REJECTED_AS_ABUSE, "upheld")
    deciders = set(case.deciders)
    assert deciders

    staff_actions.reinstate(case, OFFICER, "It was no abuse.")

    assert set(case.earlier_deciders) == deciders
    assert case.deciders == []


@pytest.mark.parametrize("state", [State.REJECTED_AS_ABUSE, State.EXPIRED])
def test_without_an_upheld_complaint_it_stays_ended(state):
    with pytest.raises(MoveRefused, match=r"complaint|投诉"):
        staff_actions.reinstate(make_case(state), OFFICER, "We changed our mind.")
    with pytest.raises(MoveRefused):
        staff_actions.reinstate(complained(state, "not_upheld"), OFFICER, "We changed our mind.")


def test_a_complaint_that_was_upheld_before_the_end_does_not_count():
    with freeze_time(timezone.now()) as clock:
        case = make_case(State.TRIAGE)
        complaint = services.complain(case, "You are slow.")
        services.acknowledge(complaint, INTAKE)
        services.take_up(complaint, OTHER_OFFICER)
        services.answer(complaint, OTHER_OFFICER, "upheld", "You are right.", "We hurry.")
        clock.tick(60)
        case.refresh_from_db()
        _reject(case)

        with pytest.raises(MoveRefused):
            staff_actions.reinstate(case, OFFICER, "It was no abuse.")


def test_reasons_are_needed():
    case = complained(State.REJECTED_AS_ABUSE, "upheld")

    with pytest.raises(InvalidInput):
        staff_actions.reinstate(case, REVIEWER, " ")


def _reject(case: Case) -> None:
    from tests.factories import _reject_as_abuse

    _reject_as_abuse(case)
