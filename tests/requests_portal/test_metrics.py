"""`/metrics` tells who runs the portal how it stands, by names that the code knows."""

import math
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import ERIKA, make_case
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock
from workflows.outbox import canaries
from workflows.outbox.models import Effect

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def scrape(client, settings):
    """Return a function that gives each sample of `/metrics`.

    By its name and the values of its labels, in the order of the names of these.
    """
    settings.METRICS_TOKEN = TOKEN

    def ask() -> dict[tuple[str, ...], float]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=")
        return {
            (sample.name.removeprefix("portal_"), *dict(sorted(sample.labels.items())).values()): (
                sample.value
            )
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return ask


def test_there_are_none_unless_a_token_is_set(client, settings):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer a-token", f"Basic {TOKEN}", TOKEN])
def test_who_has_not_the_token_gets_none(client, settings, given):
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"Authorization": given} if given else {})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_it_is_asked_without_tls_in_the_network_of_the_web(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/en/").status_code == 301
    assert client.get("/metrics").status_code == 401


def test_requests_are_counted_by_view_method_and_class_of_status(scrape, client):
    def counted(*labels: str) -> float:
        return scrape().get(("http_request_duration_seconds_count", *labels), 0)

    before = [
        counted("GET", "2xx", "home"),
        counted("GET", "4xx", "-"),
        counted("other", "4xx", "-"),
    ]
    client.get("/en/")
    client.get("/zh-hans/")
    client.get("/en/nothing-here/")
    client.generic("BREW", "/nothing-here/")
    after = [
        counted("GET", "2xx", "home"),
        counted("GET", "4xx", "-"),
        counted("other", "4xx", "-"),
    ]
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1, 1]
    assert scrape()["http_request_duration_seconds_bucket", "+Inf", "GET", "2xx", "home"] >= 2


def test_effects_are_counted_by_queue_and_kind(scrape):
    for number, (state, due) in enumerate(
        [
            (Effect.State.PENDING, timedelta(minutes=-5)),
            (Effect.State.PENDING, timedelta(hours=1)),
            (Effect.State.DEAD, timedelta(minutes=-5)),
            (Effect.State.DONE, timedelta(minutes=-5)),
        ]
    ):
        Effect.objects.create(
            kind="tests.kind", queue="mail", key=str(number), state=state, due_at=Now() + due
        )
    found = scrape()
    assert found["outbox_effects_waiting", "tests.kind", "mail"] == 2
    assert found["outbox_effects_due", "tests.kind", "mail"] == 1
    assert found["outbox_dead_letters", "tests.kind", "mail"] == 1
    assert 299 <= found["outbox_oldest_due_seconds", "mail"] < 900
    assert found["outbox_oldest_due_seconds", "celery"] == 0
    assert found["unwell", "mail"] == 1
    assert found["unwell", "dead_letters"] == 1


def test_the_age_of_each_canary_is_told_and_that_none_ever_came_out(scrape):
    canaries.note_seen("mail")
    found = scrape()
    assert 0 <= found["canary_age_seconds", "mail"] < 60
    assert math.isinf(found["canary_age_seconds", "data"])
    assert found["unwell", "mail-worker"] == 0
    assert found["unwell", "data-worker"] == 1


def test_open_and_late_cases_are_counted_by_law(scrape):
    late, paused, answered = (make_case(State.TRIAGE) for _ in range(3))
    make_case(State.TRIAGE, ERIKA)
    yesterday = timezone.now() - timedelta(days=1)
    Case.objects.filter(pk__in=[late.pk, paused.pk, answered.pk]).update(due_at=yesterday)
    Clock.objects.filter(case=paused, leads=True).update(due_at=yesterday, state=Clock.State.PAUSED)
    Case.objects.filter(pk=answered.pk).update(state=State.ANSWERED)
    found = scrape()
    assert (found["cases_open", "CN"], found["cases_late", "CN"]) == (2, 1)
    assert (found["cases_open", "EU"], found["cases_late", "EU"]) == (1, 0)
    assert (found["cases_open", "UK"], found["cases_late", "UK"]) == (0, 0)


def test_the_log_is_measured(scrape):
    before = scrape()
    make_case()
    found = scrape()
    assert found["log_events",] >= 0
    assert found["log_events_waiting",] > before["log_events_waiting",]
    assert found["log_oldest_waiting_seconds",] >= 0


def test_it_says_what_runs(scrape):
    builds = [labels for (name, *labels) in scrape() if name == "build_info"]
    assert len(builds) == 1


def test_without_a_database_the_rest_is_told(scrape, monkeypatch):
    def away():
        raise OperationalError("away")

    assert scrape()["database_up",] == 1
    monkeypatch.setattr("requests_portal.metrics.portal.ledger.backlog", away)
    found = scrape()
    assert found["database_up",] == 0
    assert not any(name.startswith("cases") for name, *_ in found)
    assert any(name.startswith("http_request") for name, *_ in found)


def test_a_scrape_asks_a_bounded_number_of_queries(scrape, django_assert_max_num_queries):
    for _ in range(3):
        make_case()
    with django_assert_max_num_queries(15):
        scrape()
