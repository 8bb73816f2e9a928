"""A pipeline fetches a manifest, applies it by the commands, and posts its receipt."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from requests_portal.api.v1.manifests import ManifestListView
from tests.factories import STEWARD
from tests.tokens import pipeline_token
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.accounts.models import PipelineToken
from workflows.cases.models import Case
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Manifest
from workflows.datasets.models import Snapshot
from workflows.ledger.models import Event
from workflows.vocabulary.outcomes import Outcome

__all__ = ["data", "no_broker"]
SEALED = ("note", "jsonl", "parquet", "replacements", "left")
pytestmark = [
    pytest.mark.urls("tests.requests_portal.api.urls"),
    pytest.mark.django_db,
    pytest.mark.usefixtures("no_broker"),
]
MANIFESTS = "/api/v1/manifests/"


@pytest.fixture
def pipeline() -> APIClient:
    row = PipelineToken(
        name="mixer",
        scopes=["manifests:read", "manifests:texts", "manifests:acknowledge"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pipeline_token(row, STEWARD)}")
    return client


@pytest.fixture
def waiting(data) -> Manifest:
    (data / "forum.jsonl").write_text(lines(FORUM))
    forum = make_snapshot("forum.jsonl")
    executing(Outcome.CORRECTED)
    return manifest_for(forum)


def receipt(client, manifest, key="key-1", **body):
    return client.post(
        f"{MANIFESTS}{manifest.pk}/receipts/", body, format="json", HTTP_IDEMPOTENCY_KEY=key
    )


def test_the_whole_way_of_a_pipeline(pipeline, waiting, data, tmp_path):
    (listed,) = pipeline.get(MANIFESTS).json()["results"]
    assert listed["id"] == str(waiting.pk)
    assert listed["snapshot"]["location"] == "forum.jsonl"
    folder = tmp_path / "manifest"
    folder.mkdir()
    for name, address in listed["files"].items():
        (folder / name).write_bytes(pipeline.get(address).content)
    call_command(
        "apply_manifest", f"{folder}", f"{data}/forum.jsonl", "--out", f"{data}/new.jsonl",
        "--replacements", f"{folder}/replacements.jsonl",
    )  # fmt: skip

    new = {"version": "2", "location": "new.jsonl"}
    answer = receipt(pipeline, waiting, status="applied", snapshot=new)
    assert answer.status_code == 201
    again = receipt(pipeline, waiting, status="applied", snapshot=new)
    assert again.json()["snapshot"] == answer.json()["snapshot"]
    assert Snapshot.objects.count() == 2

    verify_manifest(str(waiting.pk))
    told = pipeline.get(f"{MANIFESTS}{waiting.pk}/").json()
    assert (told["state"], told["left_count"]) == ("verified", 0)
    assert pipeline.get(MANIFESTS).json()["results"] == []
    event = Event.objects.get(name="instruction.applied")
    assert event.actor.startswith("pipeline-")
    assert json.loads((data / "new.jsonl").read_text().splitlines()[0])["text"].startswith(
        "王小明住在杭州"
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "done"}, 400),
        ({"status": "applied"}, 409),
        ({"status": "applied", "snapshot_id": 0}, 400),
        ({"status": "applied", "snapshot": {"version": "2", "location": "../../etc"}}, 400),
        ({"status": "refused", "remark": "no space left"}, 201),
        ({"status": "refused", "nonsense": 1}, 400),
    ],
)
def test_receipts_that_say_something_and_those_that_do_not(pipeline, waiting, body, status):
    assert receipt(pipeline, waiting, **body).status_code == status


def test_a_snapshot_that_cannot_be_read_proves_nothing(pipeline, waiting, data):
    (data / "2.jsonl").write_text(lines(FORUM))
    receipt(pipeline, waiting, status="applied", snapshot={"version": "2", "location": "2.jsonl"})
    (data / "2.jsonl").unlink()
    verify_manifest(str(waiting.pk))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.left[0]["why"]) == ("left", "unreadable")


def test_without_key_or_token_nothing_is_taken(pipeline, waiting):
    assert receipt(pipeline, waiting, key="", status="refused").status_code == 400
    assert receipt(APIClient(), waiting, status="refused").status_code == 401
    assert APIClient().get(MANIFESTS).status_code == 401
    assert pipeline.get(f"{MANIFESTS}{waiting.pk}/files/passwords").status_code == 404


def test_the_list_reads_no_files_and_takes_the_same_queries_for_many(
    pipeline, waiting, django_assert_max_num_queries
):
    with django_assert_max_num_queries(3) as asked:
        pipeline.get(MANIFESTS)
    read = {name for query in asked for name in SEALED if f'."{name}"' in query["sql"]}
    assert not read


def test_the_list_has_pages_of_manifests_of_one_state(pipeline, waiting, data, monkeypatch):
    monkeypatch.setattr(ManifestListView.pagination_class, "page_size", 1)
    (data / "2.jsonl").write_text(lines(FORUM))
    second = make_snapshot("2.jsonl", waiting.snapshot.dataset, version="2")
    executing(Outcome.CORRECTED)
    other = manifest_for(second)

    first_page = pipeline.get(MANIFESTS).json()
    second_page = pipeline.get(first_page["next"]).json()

    assert [page["results"][0]["id"] for page in (first_page, second_page)] == [
        str(waiting.pk), str(other.pk),
    ]  # fmt: skip
    assert second_page["next"] is None
    assert pipeline.get(MANIFESTS, {"state": "refused"}).json()["results"] == []
    answer = pipeline.get(MANIFESTS, {"state": "opened"})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["state"]


def test_fetching_a_file_that_tells_of_people_is_a_look_in_the_access_log(pipeline, waiting):
    def looks():
        return [each for each in Event.objects.filter(name="case.viewed") if each.facts == fact]

    fact = {"what": "manifest"}
    pipeline.get(f"{MANIFESTS}{waiting.pk}/")
    assert pipeline.get(f"{MANIFESTS}{waiting.pk}/files/nothing.jsonl").status_code == 404
    assert looks() == []
    for number, address in enumerate(
        pipeline.get(MANIFESTS).json()["results"][0]["files"].values(), 1
    ):
        assert pipeline.get(address).status_code == 200
        assert len(looks()) == number
    assert {look.case for look in looks()} == {Case.objects.get().pseudonym}
    assert all(look.actor.startswith("pipeline-") for look in looks())
