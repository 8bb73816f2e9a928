"""A finding that says something else than the look-up is asked about once more."""

import pytest
from django.utils import timezone

from tests.factories import make_case
from tests.requests_portal.staff.addresses import action_url
from tests.workflows.datasets.conftest import data  # noqa: F401 - a fixture
from tests.workflows.datasets.entries import make_snapshot
from workflows.cases.lifecycle import State
from workflows.lookups.models import LookupRun, ShardScan

pytestmark = pytest.mark.django_db
PATH = "record_finding"
TYPED = {"text": "Three posts.", "training_snapshot": "found"}


@pytest.fixture
def case(data):  # noqa: F811
    """A case of which a look-up has searched the training data and found nothing."""
    (data / "forum.jsonl").write_text('{"id": "a", "text": "nobody"}\n')
    case, now = make_case(State.IN_REVIEW), timezone.now()
    run = LookupRun.objects.create(case=case, reason="staff", started_at=now, finished_at=now)
    snapshot = make_snapshot("forum.jsonl")
    ShardScan.objects.create(
        run=run, snapshot=snapshot, number=0, file="forum.jsonl", state=ShardScan.State.DONE
    )
    return case


def test_the_form_says_what_the_look_up_came_to(sign_in, reviewer, case):
    page = sign_in(reviewer).get(action_url(case, PATH)).content.decode()
    assert "The look-up: Forum · 1: Searched, nothing found" in page
    assert "It differs from the look-up" not in page


def test_found_where_the_look_up_found_nothing_is_asked_about_and_then_recorded(
    sign_in, send, reviewer, case
):
    client = sign_in(reviewer)
    page = send(client, action_url(case, PATH), TYPED).content.decode()
    assert "The look-up came to something else: Training data." in page
    assert "Three posts." in page
    assert case.items.get().finding == ""

    send(client, action_url(case, PATH), {**TYPED, "differs": "on"})
    item = case.items.get()
    assert (item.finding, item.scopes) == ("Three posts.", {"training_snapshot": "found"})


def test_what_agrees_with_the_look_up_is_recorded_at_once(sign_in, send, reviewer, case):
    typed = {"text": "Nothing.", "training_snapshot": "searched", "raw_collection": "found"}
    send(sign_in(reviewer), action_url(case, PATH), typed)
    assert case.items.get().scopes == {"training_snapshot": "searched", "raw_collection": "found"}


def test_where_the_look_up_did_not_search_nothing_is_asked(sign_in, send, reviewer, case):
    ShardScan.objects.update(state=ShardScan.State.FAILED)
    client = sign_in(reviewer)
    assert (
        "The look-up: Forum · 1: Not searched"
        in client.get(action_url(case, PATH)).content.decode()
    )
    send(client, action_url(case, PATH), TYPED)
    assert case.items.get().scopes == {"training_snapshot": "found"}
