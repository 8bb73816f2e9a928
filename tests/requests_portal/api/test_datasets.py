"""A pipeline keeps the register over the API: with a token, as a data steward, approving nothing."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import STEWARD
from tests.tokens import pipeline_token
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.accounts.models import PipelineToken
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.models import Dataset
from workflows.ledger.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.requests_portal.api.urls")]

ENTRY = {"name": "Forum", "origin": "Crawled", "legal_basis": "Consent"}


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def data(tmp_path, settings):
    settings.DATASETS_DIRS = [tmp_path]
    return tmp_path


@pytest.fixture
def client() -> APIClient:
    pipeline = PipelineToken(
        name="Cleaning",
        scopes=["datasets:read", "datasets:write"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pipeline_token(pipeline, STEWARD)}")
    return client


@pytest.mark.parametrize("token", ["", "Bearer wrong"])
@pytest.mark.parametrize("path", ["datasets/", "datasets/1/", "snapshots/1/"])
def test_without_a_token_nothing_is_told(path, token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=token)
    assert client.get(f"/api/v1/{path}").status_code == 401


def test_a_dataset_is_registered_by_the_pipeline(client):
    answer = client.post("/api/v1/datasets/", ENTRY, format="json")
    assert answer.status_code == 201, answer.content
    assert client.get(answer.headers["Location"]).json()["approval"] == "unapproved"
    event = Event.objects.get(name="dataset.registered")
    assert event.actor == PipelineToken.objects.get().pseudonym


def test_it_cannot_approve(client):
    answer = client.post("/api/v1/datasets/", {**ENTRY, "approval": "approved"}, format="json")
    assert answer.json()["approval"] == "unapproved"


def test_what_is_missing_is_named(client):
    answer = client.post("/api/v1/datasets/", {"name": "x"}, format="json")
    assert answer.status_code == 400
    assert {"origin", "legal_basis"} <= answer.json()["errors"].keys()


def test_a_change_of_grounds_ends_the_approval(client):
    dataset = make_dataset(approved=True)
    answer = client.patch(f"/api/v1/datasets/{dataset.pk}/", {"origin": "Bought"}, format="json")
    assert answer.json()["approval"] == "unapproved"


def test_a_snapshot_is_made_from_one_of_the_same_dataset(client, data):
    (data / "forum.jsonl").write_text(lines())
    dataset, other = make_dataset(), make_dataset("Other")
    first = make_snapshot("forum.jsonl", dataset)
    answer = client.post(
        f"/api/v1/datasets/{other.pk}/snapshots/",
        {"version": "1", "location": "forum.jsonl", "format": "jsonl", "parent": first.pk},
        format="json",
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["parent"])
    assert not other.snapshots.exists()


def test_a_snapshot_says_how_it_was_read(client, data):
    (data / "a.jsonl").write_text(lines())
    path = f"/api/v1/datasets/{make_dataset().pk}/snapshots/"
    for version, location in (("1", "a.jsonl"), ("2", "b.jsonl")):
        entry = {"version": version, "format": "jsonl", "location": location}
        answer = client.post(path, entry, format="json")
        assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
        read_snapshot(answer.json()["id"])
    newest, oldest = client.get(path).json()["results"]
    assert (oldest["state"], oldest["rows"], oldest["problem"]) == ("readable", 2, "")
    assert newest["state"] == "unreadable"
    assert "b.jsonl does not exist" in client.get(answer.headers["Location"]).json()["problem"]


def test_a_version_is_registered_once(client, data):
    path = f"/api/v1/datasets/{make_dataset().pk}/snapshots/"
    entry = {"version": "1", "format": "jsonl", "location": "a.jsonl"}
    assert client.post(path, entry, format="json").status_code == 202
    assert client.post(path, entry, format="json").status_code == 400


def test_croissant_goes_out_and_in(client):
    dataset = make_dataset()
    answer = client.get(f"/api/v1/datasets/{dataset.pk}/croissant/")
    assert answer.headers["Content-Type"].startswith("application/ld+json")
    Dataset.objects.all().delete()
    again = client.post(
        "/api/v1/datasets/croissant/", answer.content, content_type="application/ld+json"
    )
    assert (again.status_code, again.json()["name"]) == (200, dataset.name)
    refused = client.post(
        "/api/v1/datasets/croissant/", json.dumps({}), content_type="application/ld+json"
    )
    assert refused.status_code == 400


def test_a_page_costs_the_same_however_many_there_are(client, django_assert_num_queries):
    for number in range(3):
        make_dataset(f"Forum {number}")
    with django_assert_num_queries(3):  # the token, the count of its calls, the page
        answer = client.get("/api/v1/datasets/")
    assert len(answer.json()["results"]) == 3
