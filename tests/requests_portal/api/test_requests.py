"""Programs file requests and follow them."""

import json

import pytest
from rest_framework.test import APIClient

from tests.factories import APPROVER, WANG, file, make_case, walk
from workflows.cases import staff_actions
from workflows.cases.access import LIMIT_PER_NUMBER
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.notices import moves

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.requests_portal.api.urls")]

KEY = {"headers": {"Idempotency-Key": "f3b0c442-98fc-4c14-9afb-f4c8996fb924"}}


@pytest.fixture
def api() -> APIClient:
    return APIClient()


@pytest.fixture
def body() -> dict:
    return {
        "items": [
            {
                "kind": "correct",
                "details": {"claimed": "lives in Shanghai", "correct": "lives in Hangzhou"},
            }
        ],
        "residence": "CN",
        "language": "zh-hans",
        "subject_name": "王小明",
        "identifiers": [{"kind": "email", "value": "xiaoming.wang@example.cn"}],
        "email": "xiaoming.wang@example.cn",
    }


def status(api: APIClient, number: str, receipt: str):
    return api.get(f"/api/v1/requests/{number}/", headers={"Authorization": f"Bearer {receipt}"})


def test_a_filed_request_gets_a_number_and_a_receipt_that_opens_its_status(api, body):
    answer = api.post("/api/v1/requests/", body, format="json", **KEY)

    assert answer.status_code == 201
    filed = answer.json()
    case = Case.objects.get(number=filed["case_number"])
    assert case.channel == "api"
    assert filed["due_on"] == case.due_on.isoformat()
    followed = status(api, filed["case_number"], filed["receipt"])
    assert followed.status_code == 200
    assert followed.json()["state"] == "filed"
    assert followed.json()["timeline"][0]["event"] == "case.received"
    assert any("App违法违规" in line for line in _lines(followed.json())), "the rule is cited"


def _lines(status_: dict) -> list[str]:
    return [line for clock in status_["clocks"] for line in clock["explanation"]]


def test_the_same_key_and_body_file_once(api, body):
    first = api.post("/api/v1/requests/", body, format="json", **KEY)
    second = api.post("/api/v1/requests/", body, format="json", **KEY)

    assert second.status_code == 200
    assert second.json() == first.json()
    assert Case.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(api, body):
    api.post("/api/v1/requests/", body, format="json", **KEY)
    body["subject_name"] = "王大明"

    answer = api.post("/api/v1/requests/", body, format="json", **KEY)

    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": []}, "items"),
        ({"items": [{"kind": "burn"}]}, "items"),
        ({"residence": ""}, "residence"),
        ({"residence": "Germany"}, "residence"),
        ({"residence": "de"}, "residence"),
        ({"residence": "X" * 11}, "residence"),
        ({"subject_name": ""}, "subject_name"),
        ({"email": "not an address"}, "email"),
        ({"requester_role": "agent"}, "requester_name"),
        ({"state": "closed"}, "state"),
        ({"due_at": "2030-01-01"}, "due_at"),
        ({"regime": "EU"}, "regime"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_filed(api, body, change, field):
    answer = api.post("/api/v1/requests/", {**body, **change}, format="json", **KEY)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_request"
    assert field in answer.json()["errors"]
    assert not Case.objects.exists()


def test_broken_json_is_refused_in_the_same_form(api):
    answer = api.post("/api/v1/requests/", "{", content_type="application/json", **KEY)

    assert answer.status_code == 400
    assert answer.json()["code"] == "parse_error"


def test_a_wrong_number_and_a_wrong_receipt_get_the_same_answer(api):
    filed = file()

    wrong_receipt = status(api, filed.case.number, "0000-0000")
    wrong_number = status(api, "2026-0000-0000", filed.receipt)

    assert wrong_receipt.status_code == wrong_number.status_code == 404
    for answer in (wrong_receipt, wrong_number):
        body = answer.json()
        body.pop("request_id")
        assert body == {**body, "code": "not_found"}
    assert json.loads(wrong_receipt.content)["detail"] == wrong_number.json()["detail"]


def test_without_a_token_the_status_asks_for_one(api):
    answer = api.get(f"/api/v1/requests/{file().case.number}/")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_guessing_is_slowed_down(api):
    filed = file()
    for _ in range(LIMIT_PER_NUMBER.burst):
        status(api, filed.case.number, "WRONG")

    answer = status(api, filed.case.number, "WRONG")

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_outcomes_are_told_only_with_the_answer(api):
    filed = file()
    walk(filed.case, State.DECISION_PROPOSED)
    assert status(api, filed.case.number, filed.receipt).json()["items"][0]["outcome"] == ""

    staff_actions.approve(filed.case, APPROVER)
    moves.answer(filed.case, APPROVER)
    assert status(api, filed.case.number, filed.receipt).json()["items"][0]["outcome"] == "refused"


def test_filing_takes_a_constant_number_of_queries(api, body, django_assert_max_num_queries):
    make_case(State.FILED, WANG)
    with django_assert_max_num_queries(40):
        api.post("/api/v1/requests/", body, format="json", **KEY)
