"""Giving cases to teams and people."""

import pytest

from tests.factories import APPROVER, ERIKA, INTAKE, STEWARD, WANG, file, make_case
from workflows.accounts.actors import SYSTEM, actor_for
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.outbox.services import drain
from workflows.routing.assignment import assign, choose_team
from workflows.routing.models import Assignment, RoutingRule, Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def teams() -> dict[str, Team]:
    made = {name: Team.objects.create(name=name) for name in ("rights", "chinese", "rest")}
    RoutingRule.objects.create(position=20, languages=["zh-hans"], team=made["chinese"])
    RoutingRule.objects.create(position=10, kinds=["ip_claim"], team=made["rights"])
    RoutingRule.objects.create(position=30, team=made["rest"])
    return made


@pytest.mark.parametrize(
    ("request_", "changes", "team"),
    [
        (WANG, {}, "chinese"),
        (ERIKA, {}, "rest"),
        (WANG, {"items": (FiledItem("ip_claim"),)}, "rights"),
    ],
)
def test_the_first_rule_by_position_wins(teams, request_, changes, team):
    assert choose_team(file(request_, **changes).case) == teams[team]


def test_without_a_matching_rule_there_is_no_team(teams):
    RoutingRule.objects.filter(position=30).delete()

    assert choose_team(file(ERIKA).case) is None


class TestTheWorker:
    def test_routes_a_new_case(self, teams):
        case = file(ERIKA).case
        drain()

        assert case.assignment.team == teams["rest"]
        event = Event.objects.get(case=case.pseudonym, name="case.assigned")
        assert (event.role, event.facts["team"]) == ("system", teams["rest"].pk)

    def test_leaves_what_somebody_has_assigned(self, teams):
        case = file(ERIKA).case
        assign(case, INTAKE, teams["rights"])
        drain()

        assert Assignment.objects.get().team == teams["rights"]

    def test_leaves_what_has_ended(self, teams):
        make_case(State.WITHDRAWN, ERIKA)
        drain()

        assert not Assignment.objects.exists()

    def test_does_nothing_when_no_rule_matches(self):
        file(ERIKA)
        drain()

        assert not Assignment.objects.exists()


def test_a_person_must_be_in_the_team(teams, reviewer):
    case = make_case(State.TRIAGE)

    with pytest.raises(InvalidInput):
        assign(case, INTAKE, teams["rest"], reviewer)
    assert not Assignment.objects.exists()

    teams["rest"].members.add(reviewer)
    assignment = assign(case, INTAKE, teams["rest"], reviewer)
    assert assignment.assignee == reviewer


def test_the_log_knows_the_person_by_the_pseudonym_only(teams, reviewer):
    teams["rest"].members.add(reviewer)
    case = make_case(State.TRIAGE)
    assign(case, INTAKE, teams["rest"], reviewer)

    event = Event.objects.get(name="case.assigned")
    assert event.facts["assignee"] == actor_for(reviewer).pseudonym
    assert reviewer.username.encode() not in bytes(event.leaf)


def test_a_case_is_in_one_place_only(teams):
    case = make_case(State.TRIAGE)
    assign(case, INTAKE, teams["rest"])
    assign(case, APPROVER, teams["rights"])

    assert Assignment.objects.get().team == teams["rights"]


def test_who_may_not_assign_changes_nothing(teams):
    case = make_case(State.TRIAGE)

    with pytest.raises(MoveRefused):
        assign(case, STEWARD, teams["rest"])
    assert not Assignment.objects.exists()


def test_an_ended_case_is_not_assigned(teams):
    with pytest.raises(MoveRefused):
        assign(make_case(State.CLOSED), SYSTEM, teams["rest"])
