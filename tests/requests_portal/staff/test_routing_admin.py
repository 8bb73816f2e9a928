"""Teams and routing rules: kept by a privacy officer with boxes to tick."""

import pytest

from tests.requests_portal.staff.addresses import hidden_fields
from workflows.routing.models import RoutingRule, Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(sign_in, privacy_officer):
    return sign_in(privacy_officer)


def post(client, path: str, data: dict[str, object]):
    token = hidden_fields(client.get(path).content.decode())["csrfmiddlewaretoken"]
    return client.post(path, {"csrfmiddlewaretoken": token, **data})


def test_a_team_has_members_who_work_on_cases(client, reviewer, administrator) -> None:
    page = client.get("/staff/routing/team/add/").content.decode()
    assert "ravi" in page
    assert "adam" not in page
    post(client, "/staff/routing/team/add/", {"name": "Forum", "members": [reviewer.pk]})
    assert list(Team.objects.get(name="Forum").members.all()) == [reviewer]
    assert "Forum" in client.get("/staff/routing/team/").content.decode()


def test_a_rule_is_a_choice_of_kinds_regimes_and_languages(client) -> None:
    team = Team.objects.create(name="Forum")
    post(
        client,
        "/staff/routing/routingrule/add/",
        {
            "position": "1",
            "kinds": ["copy", "delete"],
            "regimes": ["EU"],
            "languages": [],
            "team": team.pk,
        },
    )
    rule = RoutingRule.objects.get()
    assert (rule.kinds, rule.regimes, rule.languages) == (["copy", "delete"], ["EU"], [])
    page = client.get("/staff/routing/routingrule/").content.decode()
    assert "Get a copy; Delete information" in page
    assert ">All<" in page


def test_a_rule_cannot_name_what_does_not_exist(client) -> None:
    team = Team.objects.create(name="Forum")
    data = {"position": "1", "kinds": ["nonsense"], "team": team.pk}
    answer = post(client, "/staff/routing/routingrule/add/", data)
    assert "Select a valid choice" in answer.content.decode()


def test_a_team_with_its_history_is_not_deleted(client) -> None:
    team = Team.objects.create(name="Forum")
    assert client.get(f"/staff/routing/team/{team.pk}/delete/").status_code == 403
