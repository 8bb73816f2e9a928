"""Abuse case 21: no form is sent from another site, also not the log-in; a session gets a new key."""

import pytest
from django.test import Client

from tests.factories import make_case
from tests.personas import PASSWORD, signed_in
from tests.requests_portal.staff.addresses import action_url
from workflows.cases.lifecycle import State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_settings(settings) -> None:
    """No second factor unless a test asks for it."""
    settings.MFA_REQUIRED = False


def test_a_form_without_its_token_changes_nothing(approver):
    case = make_case(State.DECISION_PROPOSED)

    answer = signed_in(approver, fresh=True).post(action_url(case, "approve"))

    assert answer.status_code == 403
    case.refresh_from_db()
    assert case.state == State.DECISION_PROPOSED


def test_the_log_in_needs_one_too(intake):
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post("/accounts/login/", {"login": intake.username, "password": PASSWORD})

    assert answer.status_code == 403
    assert "_auth_user_id" not in strict.session


def test_a_key_that_was_planted_before_is_not_that_of_the_sign_in(client, intake):
    client.get("/accounts/login/")
    planted = client.session
    planted["planted"] = True
    planted.save()
    before = client.cookies.get("session")
    before = before.value if before else planted.session_key

    client.post("/accounts/login/", {"login": intake.username, "password": PASSWORD})

    assert client.cookies["session"].value != before
