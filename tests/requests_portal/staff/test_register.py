"""The register in the admin: stewards keep it, officers approve, words and signs say what is not."""

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.personas import make_staff, signed_in
from tests.requests_portal.staff.addresses import hidden_fields
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.accounts.approvals import approve
from workflows.accounts.models import ApprovalRequest, PipelineToken
from workflows.accounts.pipelines import NoPipelineAccess, pipeline_for_token
from workflows.datasets.croissant.exporting import export_croissant
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.models import Dataset, Recipient, Snapshot, TrainedModel

pytestmark = pytest.mark.django_db

BASE = "/staff/datasets"
PIPELINES = "/staff/accounts/pipelinetoken"
ENTRY = {
    "name": "Forum",
    "scope": "training_snapshot",
    "origin": "Crawled",
    "legal_basis": "Law",
    "keep_replaced_days": "30",
}
LISTS = ("dataset", "snapshot", "trainedmodel", "recipient")


@pytest.fixture
def data(tmp_path, settings):
    settings.DATASETS_DIRS = [tmp_path]
    (tmp_path / "a.jsonl").write_text(lines())
    return tmp_path


@pytest.fixture
def steward(data_steward):
    return signed_in(data_steward, fresh=True)


@pytest.fixture
def officer(privacy_officer):
    return signed_in(privacy_officer)


@pytest.mark.parametrize("name", LISTS)
def test_on_a_phone_each_column_of_a_list_has_its_own_name(name, steward, data):
    """The theme calls a first column that is no link "Select record"."""
    dataset = make_dataset("Forum")
    Recipient.objects.create(dataset=dataset, name="Lab", given_on="2026-01-01")
    TrainedModel.objects.create(name="Assistant", version="3", trained_on="2026-01-01")
    make_snapshot("a.jsonl", dataset)
    page = steward.get(f"{BASE}/{name}/").content.decode()
    assert page.count('class="data-row') == 1
    assert "Select record" not in page.split('id="result_list"')[1]


def post(client, path, fields=None):
    page = client.get(path)
    assert page.status_code == 200, path
    token = hidden_fields(page.content.decode())["csrfmiddlewaretoken"]
    return client.post(path, {"csrfmiddlewaretoken": token, **(fields or {})}, follow=True)


def entry(fields):
    return {f"entry-{name}": value for name, value in fields.items()}


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_steward_registers_a_dataset_and_an_officer_approves_it(steward, officer):
    assert "Forum" in text_of(post(steward, f"{BASE}/dataset/add/", ENTRY))
    dataset = Dataset.objects.get()
    assert steward.get(f"{BASE}/dataset/{dataset.pk}/approve/").status_code == 403
    assert "○ Not approved" in text_of(steward.get(f"{BASE}/dataset/"))
    answer = post(officer, f"{BASE}/dataset/{dataset.pk}/approve/", {"ground": "It is lawful."})
    assert "✓ Approved" in text_of(answer)
    assert "It is lawful." in text_of(answer)
    post(officer, f"{BASE}/dataset/{dataset.pk}/withdraw/", {"ground": "It is not."})
    assert "✕ Approval withdrawn" in text_of(steward.get(f"{BASE}/dataset/"))


def test_nobody_approves_what_they_entered(db):
    both = signed_in(make_staff("both", "data_steward", "privacy_officer"))
    post(both, f"{BASE}/dataset/add/", ENTRY)
    path = f"{BASE}/dataset/{Dataset.objects.get().pk}/approve/"
    assert "somebody else has to approve" in text_of(post(both, path, {"ground": "Mine"}))
    assert not Dataset.objects.get().is_approved


def test_a_change_of_grounds_says_that_the_approval_ended(steward):
    dataset = make_dataset(approved=True)
    fields = {**ENTRY, "origin": "Bought"}
    answer = post(steward, f"{BASE}/dataset/{dataset.pk}/change/", fields)
    assert "waits for it again" in text_of(answer)


def test_a_snapshot_is_registered_and_shown_as_it_is(steward, data):
    dataset = make_dataset()
    fields = {
        "dataset": dataset.pk,
        "version": "1",
        "format": "jsonl",
        "location": "missing.jsonl",
        "id_field": "id",
        "text_fields": "text",
    }
    post(steward, f"{BASE}/snapshot/add/", entry(fields))
    snapshot = Snapshot.objects.get()
    read_snapshot(snapshot.pk)
    page = text_of(steward.get(f"{BASE}/snapshot/{snapshot.pk}/change/"))
    assert "✕ Cannot be read" in page
    assert "missing.jsonl does not exist. Mend it and have it read again." in page
    assert "✕ 1 cannot be read" in text_of(steward.get(f"{BASE}/dataset/"))
    post(
        steward, f"{BASE}/snapshot/{snapshot.pk}/change/", entry({**fields, "location": "a.jsonl"})
    )
    read_snapshot(snapshot.pk)
    page = text_of(steward.get(f"{BASE}/snapshot/{snapshot.pk}/change/"))
    assert "✓ Readable" in page
    assert "○ Not approved" in page
    assert "a.jsonl" in page


def test_a_snapshot_cannot_be_made_from_one_of_another_dataset(steward, data):
    first, other = make_snapshot("a.jsonl"), make_dataset("Other")
    fields = {
        "dataset": other.pk,
        "version": "1",
        "parent": first.pk,
        "format": "jsonl",
        "location": "a.jsonl",
        "id_field": "id",
        "text_fields": "text",
    }
    page = text_of(post(steward, f"{BASE}/snapshot/add/", entry(fields)))
    assert "A snapshot is made from one of the same dataset." in page
    assert Snapshot.objects.get() == first


def test_a_snapshot_that_was_read_has_no_form(steward, data):
    snapshot = make_snapshot("a.jsonl")
    page = steward.get(f"{BASE}/snapshot/{snapshot.pk}/change/").content.decode()
    assert 'name="entry-location"' not in page


def test_an_unreadable_snapshot_is_read_again(steward, data):
    snapshot = make_snapshot("missing.jsonl")
    post(steward, f"{BASE}/snapshot/{snapshot.pk}/read/")
    assert Snapshot.objects.get().state == Snapshot.State.WAITING


def test_models_and_recipients_are_registered(steward, data):
    snapshot = make_snapshot("a.jsonl")
    fields = {
        "name": "Assistant",
        "version": "2",
        "snapshots": [snapshot.pk],
        "trained_on": "2026-01-31",
        "next_training": "none",
        "explanation": "",
    }
    assert "Say why" in text_of(post(steward, f"{BASE}/trainedmodel/add/", fields))
    post(steward, f"{BASE}/trainedmodel/add/", {**fields, "explanation": "It is retired."})
    assert list(TrainedModel.objects.get().snapshots.all()) == [snapshot]
    recipient = {
        "name": "Lab",
        "email": "data@lab.example",
        "dataset": snapshot.dataset.pk,
        "snapshot": snapshot.pk,
        "given_on": "2026-02-01",
    }
    post(steward, f"{BASE}/recipient/add/", entry(recipient))
    assert Recipient.objects.get().snapshot == snapshot


def test_croissant_is_downloaded_and_taken_in(steward):
    dataset = make_dataset()
    answer = steward.get(f"{BASE}/dataset/{dataset.pk}/croissant/")
    assert json.loads(answer.content) == json.loads(json.dumps(export_croissant(dataset)))
    assert "attachment" in answer.headers["Content-Disposition"]
    Dataset.objects.all().delete()
    upload = SimpleUploadedFile("forum.json", answer.content)
    assert "Registered" in text_of(post(steward, f"{BASE}/dataset/croissant/", {"file": upload}))
    assert Dataset.objects.get().name == dataset.name
    wrong = SimpleUploadedFile("forum.json", b"{}")
    answer = post(steward, f"{BASE}/dataset/croissant/", {"file": wrong})
    assert "not Croissant" in text_of(answer)


def approve_last(privacy_officer) -> None:
    approve(ApprovalRequest.objects.get(state="waiting").pk, privacy_officer)


def test_a_pipeline_gets_a_token_that_is_shown_once(steward, privacy_officer):
    expires = timezone.now() + timedelta(days=30)
    fields = {"name": "Cleaning", "expires_at_0": f"{expires:%Y-%m-%d}", "expires_at_1": "12:00"}
    assert "This field is required." in text_of(post(steward, f"{PIPELINES}/add/", fields))
    fields["scopes"] = ["manifests:read", "datasets:read"]
    post(steward, f"{PIPELINES}/add/", fields)
    pipeline = PipelineToken.objects.get()
    assert pipeline.scopes == ["datasets:read", "manifests:read"]
    listed = text_of(steward.get(f"{PIPELINES}/"))
    assert "datasets:read, manifests:read" in listed
    page = post(steward, f"{PIPELINES}/{pipeline.pk}/token/").content.decode()
    token = re.search(r'staff-secret">([^<]+)<', page)[1]
    with pytest.raises(NoPipelineAccess):
        pipeline_for_token(token)
    approve_last(privacy_officer)
    assert pipeline_for_token(token) == pipeline
    post(steward, f"{PIPELINES}/{pipeline.pk}/end/")
    pipeline.refresh_from_db()
    assert pipeline.token_digest is None

    answer = steward.get(f"{PIPELINES}/{pipeline.pk}/token/", follow=True)
    assert "Its access has ended." in text_of(answer)
    post(steward, f"{PIPELINES}/{pipeline.pk}/change/", fields)
    page = post(steward, f"{PIPELINES}/{pipeline.pk}/token/").content.decode()
    approve_last(privacy_officer)
    assert pipeline_for_token(re.search(r'staff-secret">([^<]+)<', page)[1]) == pipeline


@pytest.mark.parametrize("role", ["intake", "reviewer", "approver"])
def test_who_works_on_cases_reads_the_register(role, data):
    client = signed_in(make_staff("someone", role))
    snapshot = make_snapshot("a.jsonl")
    assert [client.get(f"{BASE}/{name}/").status_code for name in LISTS] == [200] * 4
    assert client.get(f"{BASE}/snapshot/{snapshot.pk}/change/").status_code == 200
    assert client.get(f"{BASE}/dataset/add/").status_code == 403
    assert client.get(f"{BASE}/snapshot/{snapshot.pk}/read/").status_code == 403
    assert client.get(f"{PIPELINES}/").status_code == 403


def test_an_administrator_sees_none_of_it(administrator):
    client = signed_in(administrator)
    assert [client.get(f"{BASE}/{name}/").status_code for name in LISTS] == [403] * 4


def test_lists_are_searched_filtered_and_cost_the_same(
    steward, data, django_assert_max_num_queries
):
    for number in range(5):
        make_snapshot("a.jsonl", make_dataset(f"Forum {number}", approved=number % 2 == 0))
    steward.get(f"{BASE}/snapshot/")
    with django_assert_max_num_queries(14):
        assert "Forum 4" in text_of(steward.get(f"{BASE}/snapshot/"))
    with django_assert_max_num_queries(14):
        page = text_of(steward.get(f"{BASE}/dataset/?q=Forum+3"))
    assert "Forum 3" in page
    assert "Forum 2" not in page
    page = text_of(steward.get(f"{BASE}/dataset/?approval__exact=approved"))
    assert "Forum 2" in page
    assert "Forum 3" not in page


def test_old_data_are_shown_as_to_be_purged_until_somebody_says_that_they_were(steward, data):
    snapshot = make_snapshot("a.jsonl", make_dataset("Forum"))
    listed = f"{BASE}/snapshot/?purge=due"
    Snapshot.objects.update(replaced_at=timezone.now() - timedelta(days=29))
    assert "To be purged from" in text_of(steward.get(f"{BASE}/snapshot/?purge=replaced"))
    row = f"/snapshot/{snapshot.pk}/change/"
    assert row not in steward.get(listed).content.decode()
    Snapshot.objects.update(replaced_at=timezone.now() - timedelta(days=31))
    assert row in steward.get(listed).content.decode()
    post(steward, f"{BASE}/snapshot/{snapshot.pk}/purged/")
    assert row not in steward.get(listed).content.decode()
    snapshot.refresh_from_db()
    assert snapshot.state == Snapshot.State.PURGED
