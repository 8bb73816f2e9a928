"""Below /api/ every refusal is problem details, also where no view was reached."""

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
HTML = "text/html,application/xhtml+xml"
KEY = {"Idempotency-Key": "f3b0c442-98fc-4c14-9afb-f4c8996fb924"}


def assert_problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = json.loads(answer.content)
    assert (told["status"], told["code"]) == (status, code)
    assert told["detail"]
    assert told["request_id"] == answer.headers["X-Request-Id"]
    return told


@pytest.mark.parametrize("accept", ["application/json", HTML, "*/*", "image/png"])
@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v2/requests/", "/api/v1/nothing", "/api/v1/manifests/1/"]
)
def test_an_address_that_does_not_exist(client, path, accept):
    for method in ("get", "post", "put", "patch", "delete", "options"):
        answer = getattr(client, method)(path, headers={"Accept": accept})

        assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", ["/api/v1/requests", "/api/v1/datasets/12", "/api/v1/schema"])
def test_an_address_without_its_slash_is_named_and_nothing_is_redirected(client, path, method):
    told = assert_problem(getattr(client, method)(f"{path}?page=2"), 404, "not_found")

    assert f"{path}/" in told["detail"]


@pytest.mark.parametrize("accept", ["application/json", HTML])
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", "/api/v1/requests/", "POST"),
        ("post", "/api/v1/schema/", "GET"),
        ("post", "/api/v1/docs/", "GET"),
    ],
)
def test_a_method_that_does_not_exist(client, method, path, allowed, accept):
    answer = getattr(client, method)(path, headers={"Accept": accept})

    assert_problem(answer, 405, "method_not_allowed")
    assert allowed in answer.headers["Allow"]


def test_a_host_that_is_not_ours(client):
    answer = client.get("/api/v1/schema/", headers={"Host": "evil.example"})

    told = assert_problem(answer, 400, "bad_request")
    assert "evil" not in answer.content.decode()
    assert told["title"] == "Bad Request"
    page = client.get("/en/", headers={"Host": "evil.example"})
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("{", "application/json", 400, "parse_error"),
        ("", "application/json", 400, "invalid_request"),
        ("a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("[]", "application/json", 400, "invalid_request"),
    ],
)
def test_a_body_that_cannot_be_read(client, body, kind, status, code):
    answer = client.post("/api/v1/requests/", body, content_type=kind, headers=KEY)

    assert_problem(answer, status, code)


def test_a_body_that_is_too_large(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client.post(
        "/api/v1/requests/", "[" + " " * 200 + "]", content_type="application/json", headers=KEY
    )

    assert_problem(answer, 413, "request_too_large")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("requests/%00/", 400, "bad_request"),
        ("requests/2026-%00/", 400, "bad_request"),
        ("%00", 400, "bad_request"),
        ("requests/%ff/", 404, "not_found"),
    ],
)
def test_an_address_with_odd_bytes(client, path, status, code):
    answer = client.get(f"/api/v1/{path}", headers={"Authorization": "Bearer x"})

    assert_problem(answer, status, code)


@pytest.mark.parametrize("query", ["cursor=%00", "name=%00", "name=%ff", "cursor=bm90aGluZw"])
def test_a_query_with_odd_bytes(query, datasets_client):
    answer = datasets_client.get(f"/api/v1/datasets/?{query}")

    assert answer.status_code in {200, 400, 404}
    if answer.status_code != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.fixture
def datasets_client():
    from tests.abuse.test_token_scopes import client_with

    return client_with("datasets:read")


def test_what_breaks_inside_is_a_problem_that_tells_nothing_of_it(monkeypatch):
    from requests_portal.api.v1 import requests

    def broken(*_args, **_options):
        raise RuntimeError("the name of somebody")

    monkeypatch.setattr(requests, "find_by_receipt", broken)
    answer = Client(raise_request_exception=False).get(
        "/api/v1/requests/2026-0000-0000/", headers={"Authorization": "Bearer x"}
    )

    assert_problem(answer, 500, "server_error")
    assert "somebody" not in answer.content.decode()
    assert int(answer.headers["Retry-After"]) > 0


def test_pages_for_people_stay_pages(client):
    answer = client.get("/en/nothing/")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
