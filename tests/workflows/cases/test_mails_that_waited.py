"""A mail that had to wait, for its server or a limit, says nothing that is no longer so."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from freezegun import freeze_time

from tests.factories import (
    APPROVER,
    ERIKA,
    INTAKE,
    OTHER_REVIEWER,
    REVIEWER,
    fee_overdue,
    make_case,
    propose,
    send_malware,
)
from workflows.cases import correspondence, merging, staff_actions
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.complaints import services as complaints
from workflows.complaints.effects import sweep_complaints
from workflows.identity.reminders import sweep_unpaid
from workflows.notices import moves
from workflows.outbox.services import drain
from workflows.routing.assignment import assign
from workflows.routing.effects import sweep_clocks
from workflows.routing.models import Team

pytestmark = pytest.mark.django_db
Step = Callable[[Case], object]


def accept(case: Case) -> None:
    staff_actions.accept_identity(case, INTAKE, "document", "Seen.")


def accept_and_doubt(case: Case) -> None:
    accept(case)
    staff_actions.doubt_identity(case, OTHER_REVIEWER, "It is a forgery.")


def accept_and_ask(case: Case) -> None:
    accept(case)
    moves.ask_information(case, INTAKE, "Which account?")


def waive(case: Case) -> None:
    staff_actions.waive_fee(case, REVIEWER, "It is little.")


def waive_and_withdraw(case: Case) -> None:
    waive(case)
    correspondence.withdraw(case)


def extend_and_withdraw(case: Case) -> None:
    moves.extend(case, REVIEWER, "A large dataset.")
    correspondence.withdraw(case)


@pytest.mark.parametrize(
    ("state", "gone_on", "said"),
    [
        (State.IDENTITY_NEEDED, accept, "we must be sure that the request comes from"),
        (State.IDENTITY_NEEDED, accept_and_doubt, "We accepted your proof of identity"),
        (State.IDENTITY_NEEDED, accept_and_ask, "nothing that you have to do"),
        (State.INFORMATION_NEEDED, correspondence.withdraw, "we have a question"),
        (State.FEE_NEEDED, waive, "The law allows a fee"),
        (State.FEE_NEEDED, waive_and_withdraw, "We go on with your request"),
        (State.IN_REVIEW, extend_and_withdraw, "The law allows us to extend it once"),
        (State.MERGED, merging.unmerge, "and go on with that one"),
        (State.INFORMATION_NEEDED, lambda case: None, "nothing that you have to do"),
    ],
)
def test_what_is_no_longer_so_is_not_mailed(state: State, gone_on: Step, said: str):
    case = make_case(state, ERIKA)

    gone_on(case)
    drain()

    assert not [one for one in mail.outbox if said in " ".join(str(one.body).split())]


def test_of_a_locked_file_nobody_is_asked_to_send_another_where_nothing_can_be_sent():
    case = make_case(State.TRIAGE, ERIKA)
    send_malware(case)
    correspondence.withdraw(case)
    drain()

    (body,) = [str(one.body) for one in mail.outbox if "holds malware" in str(one.body)]
    assert "send it again" not in body
    assert "goes on" not in body


@pytest.fixture
def team(settings) -> Team:
    settings.LANGUAGE_CODE = "en"
    return Team.objects.create(name="Night shift", email="night@provider.example")


def told(team: Team, said: str) -> bool:
    return any(said in str(one.body) for one in mail.outbox if one.to == [team.email])


def answer(case: Case) -> None:
    propose(case)
    staff_actions.approve(case, APPROVER)
    moves.answer(case, APPROVER)


@pytest.mark.parametrize(("gone_on", "late"), [(lambda case: None, True), (answer, False)])
def test_the_team_is_told_that_a_case_is_late_only_while_it_is_not_answered(team, gone_on, late):
    case = make_case(State.IN_REVIEW, ERIKA)
    assign(case, INTAKE, team)
    drain()
    with freeze_time(case.due_at + timedelta(hours=1)):
        sweep_clocks()
        gone_on(case)
    drain()

    assert told(team, "has passed and the case is not answered") is late


@pytest.mark.parametrize(("gone_on", "over"), [(lambda case: None, True), (waive, False)])
def test_the_team_is_told_of_an_unpaid_fee_only_while_it_is_unpaid(team, gone_on, over):
    case = fee_overdue(make_case(State.FEE_NEEDED, ERIKA))
    assign(case, INTAKE, team)
    sweep_unpaid()

    gone_on(case)
    drain()

    assert told(team, "The time to pay the fee") is over


@pytest.mark.parametrize("withdrawn", [True, False])
def test_the_team_is_told_of_a_late_complaint_only_while_it_is_open(team, withdrawn):
    case = make_case(State.IN_REVIEW, ERIKA)
    assign(case, INTAKE, team)
    complaint = complaints.complain(case, "Nobody answers.")
    due = complaint.clocks.get(leads=True).due_at
    drain()
    sweep_complaints(due + timedelta(hours=1))
    sweep_complaints(due + timedelta(hours=1))
    if withdrawn:
        complaints.withdraw(complaint)
    drain()

    assert told(team, "The time limit of a complaint") is not withdrawn


def test_the_team_is_not_told_of_an_answered_complaint_because_of_another(team):
    case = make_case(State.IN_REVIEW, ERIKA)
    assign(case, INTAKE, team)
    complaint = complaints.complain(case, "Nobody answers.")
    due = complaint.clocks.get(leads=True).due_at
    drain()
    sweep_complaints(due + timedelta(hours=1))
    sweep_complaints(due + timedelta(hours=1))
    complaints.withdraw(complaint)
    with freeze_time(due):
        complaints.complain(case, "Nobody answers yet.")
    drain()

    assert not told(team, "The time limit of a complaint")
