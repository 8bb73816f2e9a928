"""Wrong passwords slow down whoever types them, and nobody else; no network address is kept."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.conf import settings as portal_settings
from django.utils import timezone

from tests.personas import PASSWORD
from workflows.outbox.periodic import run_periodic

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
INES, STRANGER = "198.51.100.4", "203.0.113.7"


@pytest.fixture
def behind_a_proxy(settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


def post_login(client, forwarded_for: str, password: str = PASSWORD, **extra):
    """Sign in through a proxy, which has one address for everybody."""
    data = {"login": "ines", "password": password}
    headers = {"x-forwarded-for": forwarded_for}
    return client.post(LOGIN, data, headers=headers, REMOTE_ADDR="10.0.0.1", **extra)


@pytest.mark.parametrize(("trusted", "count"), [("yes", "1"), ("no", "0")])
def test_the_proxy_is_believed_where_the_settings_say_so(trusted, count) -> None:
    code = "from requests_portal import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)"
    given = {"TRUST_PROXY": trusted, "SECRET_KEY": "x", "DATABASE_URL": "postgresql:///offline"}
    asked = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.strip() == count


@pytest.mark.usefixtures("behind_a_proxy")
class TestBehindAProxy:
    def test_a_stranger_shuts_nobody_else_out(self, client, intake) -> None:
        for _ in range(40):
            refused = post_login(client, STRANGER, "wrong")
        assert refused.status_code == 429
        assert post_login(client, INES).headers["Location"] == "/staff/"

    def test_an_address_that_the_visitor_made_up_is_not_believed(
        self, client, intake, settings
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = False
        for number in range(portal_settings.AXES_FAILURE_LIMIT):
            answer = post_login(client, f"192.0.2.{number}, {STRANGER}", "wrong")
        assert b"Too many attempts" in answer.content
        assert post_login(client, f"192.0.2.99, {STRANGER}").status_code == 429
        assert post_login(client, f"{STRANGER}, {INES}").headers["Location"] == "/staff/"

    def test_guesses_from_many_addresses_are_slowed_down_all_the_same(self, client, intake) -> None:
        for number in range(60):
            post_login(client, f"192.0.2.{number}", "wrong")
        answer = post_login(client, STRANGER)
        assert b"Too many failed login attempts" in answer.content

    def test_no_address_is_kept(self, client, intake) -> None:
        post_login(client, STRANGER, "wrong")
        [attempt] = AccessAttempt.objects.all()
        assert attempt.ip_address not in {STRANGER, "10.0.0.1"}
        post_login(client, INES)
        assert not AccessLog.objects.exists()


def test_without_a_proxy_the_header_is_ignored(client, intake, settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    for number in range(portal_settings.AXES_FAILURE_LIMIT):
        answer = post_login(client, f"192.0.2.{number}", "wrong")
    assert answer.status_code == 429


def test_what_was_counted_is_forgotten_when_it_counts_no_more(client, intake) -> None:
    post_login(client, STRANGER, "wrong")
    run_periodic("purge")
    assert AccessAttempt.objects.exists()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    run_periodic("purge")
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Wait a minute, then try again."), ("zh-hans", "请等一分钟后再试。")],
)
def test_too_many_requests_have_a_page_that_says_how_long_to_wait(client, language, said) -> None:
    client.cookies["django_language"] = language
    for _ in range(31):
        answer = client.post(LOGIN, {"login": "", "password": ""})
    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert said in answer.content.decode()
    assert f'lang="{language}"' in answer.content.decode()
    assert client.post(LOGIN, {"login": ""}, REMOTE_ADDR=STRANGER).status_code == 200
