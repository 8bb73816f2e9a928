"""A key names an attempt of one caller: nobody meets another's receipt, or is refused for it."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import STEWARD, WANG
from tests.tokens import pipeline_token
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.accounts.models import PipelineToken
from workflows.cases.filing import file_request
from workflows.cases.idempotency import KEPT_FOR, purge_keys
from workflows.cases.models import Case, IdempotencyKey
from workflows.corrections.models import PipelineAcknowledgement
from workflows.datasets.models import Snapshot
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import Channel

__all__ = ["data", "no_broker"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.requests_portal.api.urls"),
    pytest.mark.usefixtures("no_broker"),
]
BODY = {
    "items": [{"kind": "delete"}],
    "residence": "CN",
    "language": "zh-hans",
    "subject_name": "王小明",
    "email": "xiaoming.wang@example.cn",
}


def send(key: str | None, **changes: object):
    headers = {} if key is None else {"Idempotency-Key": key}
    return APIClient().post(
        "/api/v1/requests/", {**BODY, **changes}, format="json", headers=headers
    )


@pytest.mark.parametrize(
    "key",
    [
        "JIRA-1234",
        "00000000-0000-0000-0000-000000000000",
        "a" * 40,
        "12345678-1234-12",
        "with spaces in it and long enough",
        "é" * 30,
        "AbCdEfGhIjKlMnOpQrStU",
        "AbCdEfGhIjKlMnOpQrStUv0" * 10,
    ],
)
def test_a_key_that_somebody_else_may_use_or_guess_is_refused_with_a_sentence_how(key):
    answer = send(key)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "idempotency_key_guessable"
    assert "UUID" in answer.json()["detail"]
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "key",
    [
        "4918c393-0465-46cd-ae56-1ad6969b891b",
        "4918c393046546cdae561ad6969b891b",
        "AbCdEfGhIjKlMnOpQrStUv",
        "Tv9_" * 3 + "x1-Qw8zLmN",
    ],
)
def test_a_key_with_128_random_bits_files_once(key):
    first, again = send(key), send(key)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Case.objects.count() == 1


def test_without_a_key_the_caller_is_told_to_send_one():
    answer = send(None)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_the_same_key_with_another_content_tells_nothing_of_the_first():
    key = str(uuid.uuid4())
    first = send(key).json()

    answer = send(key, subject_name="李小红")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert first["receipt"] not in answer.content.decode()
    assert first["case_number"] not in answer.content.decode()
    assert Case.objects.count() == 1


def test_a_key_is_kept_for_a_week_and_the_attempt_of_a_letter_for_ever():
    key = str(uuid.uuid4())
    first = send(key).json()
    file_request(WANG, attempt="letter 17", channel=Channel.STAFF)
    later = timezone.now() + KEPT_FOR

    assert purge_keys(later - timedelta(minutes=1)) == 0
    assert send(key).status_code == 200
    assert purge_keys(later + timedelta(minutes=1)) == 1

    assert IdempotencyKey.objects.get().case.channel == Channel.STAFF
    assert send(key).json()["case_number"] != first["case_number"]


class TestReceiptsOfPipelines:
    @pytest.fixture
    def manifest(self, data):
        (data / "forum.jsonl").write_text(lines(FORUM))
        for version in "23":
            (data / f"{version}.jsonl").write_text(lines(FORUM))
        forum = make_snapshot("forum.jsonl")
        executing(Outcome.CORRECTED)
        return manifest_for(forum)

    @staticmethod
    def post(name: str, manifest, key: str = "JIRA-1234", version: str = "2", **changes: object):
        row = PipelineToken.objects.filter(name=name).first() or PipelineToken(
            name=name,
            scopes=["manifests:acknowledge"],
            expires_at=timezone.now() + timedelta(days=1),
        )
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {pipeline_token(row, STEWARD)}")
        body = {
            "status": "applied",
            "snapshot": {"version": version, "location": f"{version}.jsonl"},
            **changes,
        }
        return client.post(
            f"/api/v1/manifests/{manifest.pk}/receipts/",
            body,
            format="json",
            headers={"Idempotency-Key": key},
        )

    def test_two_pipelines_with_the_same_key_do_not_meet(self, manifest):
        first = self.post("one", manifest)
        again = self.post("one", manifest)
        other = self.post("two", manifest)

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        # It is told that the manifest is done, and not what the first one said.
        assert (other.status_code, other.json()["code"]) == (409, "refused")
        assert PipelineAcknowledgement.objects.count() == 1

    @pytest.mark.parametrize(
        "changes", [{"version": "3"}, {"remark": "half of it"}, {"status": "partly"}]
    )
    def test_the_same_key_with_another_content_is_refused(self, manifest, changes):
        assert self.post("one", manifest).status_code == 201

        answer = self.post("one", manifest, **changes)

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert Snapshot.objects.count() == 2

    def test_the_key_of_what_this_server_applies_itself_is_nobody_elses(self, manifest):
        assert self.post("one", manifest, key="applied-here").status_code == 201
        assert PipelineAcknowledgement.objects.get().by.startswith("pipeline-")

    @pytest.mark.parametrize("key", ["", "x" * 201, "é", "with space"])
    def test_a_key_has_a_bounded_length_of_printable_symbols(self, manifest, key):
        answer = self.post("one", manifest, key=key)

        assert answer.status_code == 400
        assert answer.json()["code"].startswith("idempotency_key_")
