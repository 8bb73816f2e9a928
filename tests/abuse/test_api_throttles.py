"""A caller of the API who calls too often waits; nobody else does, and no address is stored."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.abuse.test_token_scopes import client_with
from tests.clear_text import tables_with
from tests.requests_portal.api.test_regulator import client_of
from tests.threads import at_once
from workflows.vault.cache import count_within
from workflows.vault.models import CacheEntry

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.requests_portal.api.urls")]
LIMIT = 3
STATUS = "/api/v1/requests/2026-0000-0000/"


@pytest.fixture(autouse=True)
def limits(settings) -> None:
    settings.API_CALLS_PER_MINUTE = LIMIT
    settings.API_CALLS_PER_MINUTE_ANONYMOUS = LIMIT


def statuses(client: APIClient, path: str, times: int = LIMIT + 1, **sent: str) -> list[int]:
    return [client.get(path, **sent).status_code for _ in range(times)]


def assert_told_to_wait(answer) -> None:
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (429, "throttled")


def test_a_pipeline_waits_and_another_one_does_not():
    busy = client_with("datasets:read")
    assert statuses(busy, "/api/v1/datasets/", LIMIT) == [200] * LIMIT

    assert_told_to_wait(busy.get("/api/v1/datasets/"))

    other = client_with("datasets:read", name="another program")
    assert other.get("/api/v1/datasets/").status_code == 200


def test_calls_for_which_a_scope_is_missing_count():
    gateway = client_with("suppression:read")
    assert statuses(gateway, "/api/v1/datasets/") == [403] * LIMIT + [429]


def test_a_regulator_waits_and_another_one_does_not():
    path = "/api/v1/regulator/cases/"
    assert statuses(client_of("CN"), path) == [200] * LIMIT + [429]
    assert client_of("EU").get(path).status_code == 200


def test_who_has_no_token_waits_by_network_and_nobody_else_does():
    client = APIClient()
    assert statuses(client, STATUS, REMOTE_ADDR="192.0.2.7") == [401] * LIMIT + [429]
    assert_told_to_wait(client.post("/api/v1/requests/", {}, REMOTE_ADDR="192.0.2.7"))
    assert_told_to_wait(client.get("/api/v1/schema/", REMOTE_ADDR="192.0.2.7"))

    assert client.get(STATUS, REMOTE_ADDR="192.0.2.8").status_code == 401
    assert client_of("CN").get(
        "/api/v1/regulator/cases/", REMOTE_ADDR="192.0.2.7"
    ).status_code == 200  # fmt: skip


@pytest.mark.parametrize("path", [STATUS, "/api/v1/datasets/", "/api/v1/regulator/cases/"])
def test_another_made_up_token_for_each_call_helps_nobody(path):
    told = [
        APIClient().get(path, headers={"Authorization": f"Bearer made-up-{number}"}).status_code
        for number in range(LIMIT + 1)
    ]
    assert set(told[:LIMIT]) <= {401, 404}
    assert told[LIMIT] == 429


def test_all_addresses_of_one_network_count_together():
    client = APIClient()
    told = [
        client.get(STATUS, REMOTE_ADDR=f"2001:db8:1:2::{number}").status_code
        for number in range(1, LIMIT + 2)
    ]
    assert told == [401] * LIMIT + [429]
    assert client.get(STATUS, REMOTE_ADDR="2001:db8:1:3::1").status_code == 401


def test_no_address_lies_in_the_database():
    APIClient().get(STATUS, REMOTE_ADDR="192.0.2.7")
    APIClient().get(STATUS, REMOTE_ADDR="2001:db8:1:2::1")

    assert CacheEntry.objects.count() == 2
    for address in ("192.0.2.7", "2001:db8:1:2"):
        assert tables_with(address) == []


def test_after_the_window_one_may_call_again():
    client = APIClient()
    assert statuses(client, STATUS)[-1] == 429
    CacheEntry.objects.update(expires=timezone.now() - timedelta(seconds=1))

    assert statuses(client, STATUS) == [401] * LIMIT + [429]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_each_is_counted():
    counted = at_once(*[lambda: count_within("calls", 60)] * 12)

    assert sorted(number for number, _left in counted) == list(range(1, 13))
    assert all(50 <= left <= 60 for _number, left in counted)
