"""Whoever sits down at a shared browser next finds nothing of those who left it.

No page of a case may be kept by a browser, and yet some keep one for the Back button, and a script
may have put something aside. Leaving asks the browser to give all of that up;
`tests/e2e/test_leaving.py` tries it with one.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from requests_portal.sign_in import limits
from tests import factories
from tests.personas import PASSWORD, signed_in
from tests.requests_portal.public.person import Visitor
from workflows.accounts.models import RegulatorAccount

EVERYTHING_SEEN = '"cache", "storage"'


def cleared(response) -> str:
    return response.headers.get("Clear-Site-Data", "")


@pytest.fixture(autouse=True)
def no_second_factor(settings) -> None:
    settings.MFA_REQUIRED = False


@pytest.mark.django_db
class TestPeople:
    def test_who_leaves_a_case_leaves_nothing(self):
        visitor = Visitor(Client(), "en")
        filed = factories.file()
        visitor.log_in(filed.case.number, filed.receipt)
        assert not cleared(visitor.get("status/case/"))

        response = visitor.post("status/leave/")
        assert cleared(response) == EVERYTHING_SEEN
        assert response.cookies["case"].value == ""
        # What was chosen stays, and so does a sign-in of staff in the same browser.
        assert "cookies" not in cleared(response)

    def test_a_page_that_is_only_looked_at_clears_nothing(self):
        visitor = Visitor(Client(), "en")
        assert not cleared(visitor.get("status/leave/"))
        assert not cleared(visitor.get("status/"))
        assert not cleared(visitor.get(""))

    def test_who_throws_a_draft_away_leaves_nothing(self):
        visitor = Visitor(Client(), "en")
        visitor.walk()
        assert not cleared(visitor.get("request/discard/"))
        assert cleared(visitor.post("request/discard/")) == EVERYTHING_SEEN

    def test_who_takes_the_receipt_off_the_browser_leaves_nothing(self):
        visitor = Visitor(Client(), "en")
        visitor.walk()
        visitor.post("request/check/")
        assert cleared(visitor.post("request/receipt/forget/")) == EVERYTHING_SEEN


@pytest.mark.django_db
class TestAccounts:
    def sign_out(self, client: Client, page: str):
        client.get(page)
        token = client.cookies["csrf"].value
        return client.post("/accounts/logout/", {"csrfmiddlewaretoken": token})

    def test_staff_who_sign_out_leave_nothing(self, intake):
        client = signed_in(intake)
        assert not cleared(client.get("/staff/"))
        assert cleared(self.sign_out(client, "/staff/")) == EVERYTHING_SEEN

    def test_staff_who_sign_out_in_the_admin_leave_nothing(self, intake):
        client = signed_in(intake)
        client.get("/staff/")
        token = client.cookies["csrf"].value
        response = client.post("/staff/logout/", {"csrfmiddlewaretoken": token})
        assert cleared(response) == EVERYTHING_SEEN

    def test_regulators_who_sign_out_leave_nothing(self):
        user = User.objects.create_user("lin", password=PASSWORD)
        user.groups.add(Group.objects.get(name="regulator"))
        RegulatorAccount.objects.create(
            user=user, regime="CN", authority="CAC", expires_at=timezone.now() + timedelta(30)
        )
        client = signed_in(user, fresh=True)
        assert cleared(self.sign_out(client, "/en/regulators/")) == EVERYTHING_SEEN

    def test_a_sign_in_that_its_limit_ends_leaves_nothing(self, intake, settings):
        client = signed_in(intake)
        client.get("/staff/")
        session = client.session
        session[limits.SEEN] -= settings.SESSION_IDLE_AGE + 1
        session.save()
        assert cleared(client.get("/staff/")) == EVERYTHING_SEEN
