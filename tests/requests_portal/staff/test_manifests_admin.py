"""Manifests in the staff's pages: applied by a steward, and the places named where something is left."""

import pytest

from tests.factories import STEWARD
from tests.requests_portal.staff.addresses import hidden_fields
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.models import Case
from workflows.cases.vocabulary import Outcome
from workflows.corrections.checking import check
from workflows.corrections.models import Return
from workflows.corrections.receipts import apply_here, take_receipt
from workflows.datasets.models import Snapshot
from workflows.ledger.models import Event

__all__ = ["data", "no_broker"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
MANIFESTS = "/staff/corrections/manifest/"
RETURNS = "/staff/corrections/return/"


@pytest.fixture
def waiting(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    forum = make_snapshot("forum.jsonl")
    executing(Outcome.CORRECTED)
    return manifest_for(forum)


def act(client, path, name, row):
    token = hidden_fields(client.get(path).content.decode())["csrfmiddlewaretoken"]
    chosen = {"action": name, "_selected_action": [str(row.pk)], "index": "0"}
    return client.post(path, {"csrfmiddlewaretoken": token, **chosen}, follow=True)


def test_a_steward_applies_it_here(sign_in, data_steward, waiting):
    client = sign_in(data_steward)
    page = act(client, MANIFESTS, "apply_here", waiting).content.decode()
    assert "1 manifest is being applied" in page
    assert "being applied, or has" in act(client, MANIFESTS, "apply_here", waiting).content.decode()
    apply_here(str(waiting.pk))
    check(str(waiting.pk))
    page = client.get(f"{MANIFESTS}{waiting.pk}/change/").content.decode()
    assert "Applied, and nothing is left" in page
    assert Case.objects.get().number in page
    assert "_save" not in page


def test_the_place_is_named_where_something_is_left(sign_in, data_steward, waiting, data):
    (data / "2.jsonl").write_text(lines(FORUM))
    new = Snapshot(version="2", format="jsonl", location="2.jsonl")
    take_receipt(waiting, STEWARD, key="k", status="applied", snapshot=new)
    check(str(waiting.pk))
    page = sign_in(data_steward).get(f"{MANIFESTS}{waiting.pk}/change/").content.decode()
    assert "the corrected text is missing: forum.jsonl · a · text" in page


def test_a_reviewer_reads_and_cannot_apply(sign_in, reviewer, intake, waiting):
    client = sign_in(reviewer)
    act(client, MANIFESTS, "apply_here", waiting)
    waiting.refresh_from_db()
    assert waiting.applied_by == ""
    assert sign_in(intake).get(MANIFESTS).status_code == 403


def test_what_came_back_is_dealt_with_once(sign_in, data_steward, waiting):
    returned = Return.objects.create(case=Case.objects.get(), snapshot=waiting.snapshot, records=3)
    client = sign_in(data_steward)
    assert Case.objects.get().number in client.get(RETURNS).content.decode()
    act(client, RETURNS, "resolve", returned)
    act(client, RETURNS, "resolve", returned)
    assert Event.objects.filter(name="tombstone.resolved").count() == 1
    returned.refresh_from_db()
    assert returned.resolved_at is not None
