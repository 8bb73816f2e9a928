"""What came back, in the staff's pages: in the case, in the work list, and as an entry of its own."""

import re

import pytest

from tests.requests_portal.staff.addresses import QUEUE, case_url
from tests.requests_portal.staff.test_manifests_admin import waiting
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.corrections.test_returns import closed, come_back, delete_request, forum
from workflows.cases.models import EventContent
from workflows.corrections.redo_removal import redo_removal
from workflows.ledger.models import Event
from workflows.vocabulary.outcomes import Outcome

__all__ = ["data", "delete_request", "forum", "no_broker", "waiting"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
RETURNS = "/staff/corrections/reingestion/"


@pytest.fixture
def returned(data, forum, delete_request):
    closed(Outcome.DELETED, delete_request, forum)
    return come_back(data, forum)


def test_the_case_and_the_work_list_show_it_although_the_case_is_closed(
    sign_in, reviewer, returned
):
    client = sign_in(reviewer)
    page = client.get(case_url(returned.case)).content.decode()
    assert "1 record that was changed for this case came back with Forum · crawl." in page
    assert "a data steward has them taken out again" in page
    assert f"{RETURNS}{returned.pk}/change/" in page

    landing = client.get("/staff/").content.decode()
    tile = landing[landing.index("returned=open") :]
    assert "<strong>1</strong> <span>Data came back</span>" in tile
    found = client.get(QUEUE, {"group": "all", "returned": "open"}).content.decode()
    assert returned.case.number in found


def test_its_page_says_what_to_do_and_has_it_taken_out(sign_in, send, data_steward, returned):
    client, page = sign_in(data_steward), f"{RETURNS}{returned.pk}"
    shown = client.get(f"{page}/change/").content.decode()
    assert "Have them taken out again" in shown
    assert {"/take-out/", "/resolve/"} == set(re.findall(r"/(?:take-out|resolve)/", shown))
    assert "crawl.jsonl · 2" in shown
    assert f"{returned.case.number} · Forum · crawl" in shown
    assert "object (" not in shown
    assert send(client, f"{page}/take-out/", {}).status_code == 302
    assert "Being taken out again" in client.get(f"{page}/change/").content.decode()
    assert "is under way" in send(client, f"{page}/take-out/", {}).content.decode()
    manifest = redo_removal(returned.pk)
    shown = client.get(f"{page}/change/").content.decode()
    assert "Apply the manifest" in shown
    assert f"/staff/corrections/manifest/{manifest.pk}/change/" in shown
    case = client.get(case_url(returned.case)).content.decode()
    assert "A manifest takes them out again." in case


def test_it_is_dealt_with_by_hand_once_and_with_a_ground(sign_in, send, data_steward, returned):
    client, page = sign_in(data_steward), f"{RETURNS}{returned.pk}"
    asked = send(client, f"{page}/resolve/", {})
    assert asked.status_code == 200
    assert "Explanation" in asked.content.decode()
    why = {"ground": "A quotation in a judgment, which may stay."}
    assert send(client, f"{page}/resolve/", why).status_code == 302
    assert "dealt with already" in send(client, f"{page}/resolve/", why).content.decode()
    event = Event.objects.get(name="tombstone.resolved")
    opened = EventContent.objects.get(event=event.uid, name="how").opening["content"]
    assert (opened, "how" in event.facts) == (why["ground"], False)
    shown = client.get(f"{page}/change/").content.decode()
    assert "may stay" in shown
    assert "/take-out/" not in shown
    assert "/resolve/" not in shown
    case = client.get(case_url(returned.case)).content.decode()
    assert "changed for this case came back" not in case


def test_a_reviewer_looks_and_does_nothing(sign_in, reviewer, intake, returned):
    client = sign_in(reviewer)
    assert returned.case.number in client.get(RETURNS).content.decode()
    for page in ("take-out/", "resolve/"):
        assert client.get(f"{RETURNS}{returned.pk}/{page}").status_code == 403
    assert sign_in(intake).get(RETURNS).status_code == 403
