"""What is answered while the database is away, and how long the web waits for it."""

import json
import time

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client

from requests_portal.database import bound_waits, is_outage
from requests_portal.environment import with_limits

CONFIRM = "/en/confirm/some-token/"
AWAY = OperationalError("connection to server at 10.0.0.7 failed: zhang.wei@example.org")


@pytest.fixture
def away(monkeypatch):
    """Every page that asks the database something finds it away."""

    def no_connection(*_args, **_kwargs):
        raise AWAY

    monkeypatch.setattr(
        "django.db.backends.base.base.BaseDatabaseWrapper.ensure_connection", no_connection
    )


@pytest.fixture
def browser():
    return Client(raise_request_exception=False)


def test_limits_are_given_to_the_server_and_what_is_set_already_stays():
    options = with_limits(
        {"options": "-c search_path=x -c lock_timeout=9s", "connect_timeout": "7"},
        connect=3,
        lock=5,
        statement=10,
    )
    assert options["options"] == (
        "-c lock_timeout=5s -c statement_timeout=10s -c search_path=x -c lock_timeout=9s"
    )
    assert options["connect_timeout"] == "7"
    assert options["tcp_user_timeout"] == 60_000


def test_without_limits_the_server_is_told_nothing():
    assert "options" not in with_limits({}, connect=3)


@pytest.mark.django_db
def test_a_worker_waits_as_long_as_it_takes():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
        )
        assert cursor.fetchone() == ("0", "0")


def test_the_web_waits_for_no_server_that_has_fallen_silent(settings):
    settings.SERVES_REQUESTS, settings.WEB_STATEMENT_TIMEOUT = True, 1
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    with psycopg.connect(**parameters) as driver:

        class Wrapper:
            connection = driver

        bound_waits(connection=Wrapper())
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match="did not answer in time"):
            # The server itself has no limit here, as one that is frozen has none.
            driver.execute("SELECT pg_sleep(6)")
        assert 2.5 < time.monotonic() - began < 5
        assert driver.closed


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (OperationalError(), True),
        (InterfaceError(), True),
        (ProgrammingError(), False),
        (None, False),
    ],
)
def test_what_counts_as_an_outage(error, outage):
    assert is_outage(error) is outage


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/en/confirm/some-token/", "Please wait a minute, then load this page again."),
        ("/zh-hans/confirm/some-token/", "请等一分钟，然后重新加载本页。"),
    ],
)
def test_a_page_says_in_the_asked_language_that_it_cannot_be_shown_now(
    browser, away, address, sentence
):
    answer = browser.get(address)
    text = answer.content.decode()
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert sentence in text
    assert f'href="{address}"' in text
    assert "zhang.wei" not in text
    assert "no-store" in answer["Cache-Control"]


def test_the_api_answers_with_problem_details(browser, away):
    answer = browser.get("/api/v1/datasets/", headers={"Authorization": "Bearer " + "x" * 43})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert (problem["status"], problem["code"]) == (503, "unavailable")
    assert problem["request_id"] == answer["X-Request-Id"]
    assert "zhang.wei" not in answer.content.decode()


def test_a_database_that_goes_away_before_the_view_is_no_fault_of_ours(browser, away):
    browser.cookies["session"] = "x" * 32
    answer = browser.get("/staff/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


def test_what_was_typed_is_kept_and_one_button_sends_it_again(browser, away):
    typed = {
        "statement": 'Bitte <b>löschen</b> & "schnell"',
        "items": ["delete", "copy"],
        "go": "on",
    }
    text = browser.post(f"{CONFIRM}?from=1", typed).content.decode()
    assert '<form method="post" action="/en/confirm/some-token/?from=1">' in text
    assert text.count('<input type="hidden"') == 4
    assert "&lt;b&gt;löschen&lt;/b&gt; &amp; &quot;schnell&quot;" in text
    assert "What you entered is kept on this page." in text


@pytest.mark.parametrize(
    "typed",
    [
        {"password": "correct horse battery"},
        {"number": "2026-AAAA", "receipt": "correct horse battery"},
        {"note": "correct horse battery", "attachments": SimpleUploadedFile("a.txt", b"x")},
    ],
)
def test_what_is_secret_and_what_came_with_files_is_not_written_into_the_page(browser, away, typed):
    text = browser.post(CONFIRM, typed).content.decode()
    assert "correct horse" not in text
    assert "go back with your browser" in text
