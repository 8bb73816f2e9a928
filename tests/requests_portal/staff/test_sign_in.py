"""Signing in: one log-in for all, a second factor where it is required, and an end to it."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings as portal_settings
from django.contrib.auth.models import Group
from django.test import Client

from requests_portal.sign_in import limits
from tests.personas import PASSWORD
from workflows.accounts.actors import actor_for
from workflows.ledger.models import Event

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def no_throttle(settings) -> None:
    """The throttle of allauth has tests of its own; here axes is asked."""
    settings.ACCOUNT_RATE_LIMITS = False


def post_login(client: Client, username: str, password: str = PASSWORD, **extra) -> object:
    return client.post(LOGIN, {"login": username, "password": password}, **extra)


def current_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


class TestLogIn:
    def test_the_admin_sends_a_stranger_to_the_one_log_in(self, client) -> None:
        answer = client.get("/staff/", follow=True)
        assert answer.request["PATH_INFO"] == LOGIN
        assert answer.request["QUERY_STRING"] == "next=%2Fstaff%2F"

    def test_staff_land_on_their_landing_page(self, client, intake) -> None:
        assert post_login(client, "ines").headers["Location"] == "/staff/"

    def test_regulators_land_on_theirs(self, client, outsider) -> None:
        outsider.groups.add(Group.objects.get(name="regulator"))
        assert post_login(client, "olga").headers["Location"].endswith("/regulators/")

    def test_who_is_not_staff_is_not_let_in(self, client, outsider) -> None:
        post_login(client, "olga")
        assert client.get("/staff/").status_code == 302
        assert client.get("/staff/login/").status_code == 403

    def test_nobody_signs_up(self, client) -> None:
        answer = client.post("/accounts/signup/", {"username": "new", "password1": PASSWORD})
        assert "signup_closed" in answer.templates[0].name

    def test_the_form_needs_a_csrf_token(self, intake) -> None:
        assert post_login(Client(enforce_csrf_checks=True), "ines").status_code == 403

    def test_the_session_key_changes_with_the_sign_in(self, client, intake) -> None:
        client.get(LOGIN)
        session = client.session
        session["planted"] = True
        session.save()
        before = session.session_key
        client.cookies[portal_settings.SESSION_COOKIE_NAME] = before
        post_login(client, "ines")
        assert client.session.session_key != before

    def test_too_many_attempts_lock_out_with_a_page_that_says_so(self, client, intake) -> None:
        for _ in range(portal_settings.AXES_FAILURE_LIMIT):
            answer = post_login(client, "ines", "wrong")
        assert answer.status_code == 429
        assert b"Too many attempts" in answer.content
        assert post_login(client, "ines").status_code == 429


class TestSecondFactor:
    @pytest.fixture(autouse=True)
    def required(self, settings) -> None:
        settings.MFA_REQUIRED = True

    def test_without_one_every_page_leads_to_setting_it_up(self, sign_in, intake) -> None:
        client = sign_in(intake)
        for path in ("/staff/", "/staff/cases/case/", "/"):
            assert client.get(path).headers["Location"] == "/accounts/2fa/"
        assert b"Set up a second factor" in client.get("/accounts/2fa/").content

    def test_with_one_the_pages_open(self, sign_in, intake) -> None:
        TOTP.activate(intake, "A" * 32)
        assert sign_in(intake, factor=True).get("/staff/").status_code == 200

    def test_a_password_alone_does_not_sign_in(self, client, intake) -> None:
        TOTP.activate(intake, "A" * 32)
        assert post_login(client, "ines").headers["Location"] == "/accounts/2fa/authenticate/"
        assert client.get("/staff/").headers["Location"].startswith("/staff/login/")
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
        assert client.get("/staff/").status_code == 302
        client.post("/accounts/2fa/authenticate/", {"code": current_code("A" * 32)})
        assert client.get("/staff/").status_code == 200

    def test_one_that_somebody_sets_up_or_removes_stands_in_the_log(
        self, sign_in, intake, django_capture_on_commit_callbacks
    ) -> None:
        client = sign_in(intake, fresh=True)
        client.get("/accounts/2fa/totp/activate/")
        code = current_code(client.session["mfa.totp.secret"])
        token = {"csrfmiddlewaretoken": client.cookies["csrf"].value}
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/accounts/2fa/totp/activate/", {**token, "code": code})
        client = sign_in(intake, fresh=True, factor=True)
        client.get("/accounts/2fa/")
        token = {"csrfmiddlewaretoken": client.cookies["csrf"].value}
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/accounts/2fa/totp/deactivate/", token)
        own = actor_for(intake).pseudonym
        for name in ("second_factor.added", "second_factor.removed"):
            events = Event.objects.filter(name=name, actor=own)
            assert {"account": own, "type": "totp"} in [event.facts for event in events]

    def test_its_secret_is_not_stored_in_the_clear(self, intake) -> None:
        TOTP.activate(intake, "SECRETSECRETSECRETSECRETSECRET22")
        stored = Authenticator.objects.get(user=intake)
        assert "SECRET" not in str(stored.data)
        assert stored.wrap().validate_code(current_code("SECRETSECRETSECRETSECRETSECRET22"))


class TestLimits:
    def age(self, client: Client, key: str, seconds: float) -> None:
        session = client.session
        session[key] -= seconds
        session.save()

    def test_an_idle_sign_in_ends(self, sign_in, intake, settings) -> None:
        client = sign_in(intake)
        client.get("/staff/")
        self.age(client, limits.SEEN, settings.SESSION_IDLE_AGE + 1)
        assert client.get("/staff/").headers["Location"].startswith("/staff/login/")

    def test_a_sign_in_in_use_goes_on(self, sign_in, intake, settings) -> None:
        client = sign_in(intake)
        client.get("/staff/")
        self.age(client, limits.SEEN, settings.SESSION_IDLE_AGE - 60)
        assert client.get("/staff/").status_code == 200
        assert time.time() - client.session[limits.SEEN] < 60

    def test_no_use_makes_it_last_longer_than_the_absolute_limit(
        self, sign_in, intake, settings
    ) -> None:
        client = sign_in(intake)
        client.get("/staff/")
        self.age(client, limits.BEGAN, settings.SESSION_COOKIE_AGE + 1)
        assert client.get("/staff/").headers["Location"].startswith("/staff/login/")

    def test_a_visitor_without_a_session_costs_no_query(
        self, client, django_assert_num_queries
    ) -> None:
        with django_assert_num_queries(0):
            client.get("/")


def test_who_cannot_read_the_page_finds_their_own_language_by_its_own_name(client):
    page = client.get("/accounts/login/", headers={"accept-language": "zh-CN"}).content.decode()

    assert 'lang="en">English</button>' in page
    assert 'name="next" value="/accounts/login/"' in page
