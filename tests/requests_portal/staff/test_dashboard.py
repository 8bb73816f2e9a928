"""The landing page: counts that agree with the lists to which they link."""

import html
import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from requests_portal.staff.home.dashboard import weeks_until
from tests.factories import INTAKE, file, make_case
from tests.requests_portal.staff.addresses import QUEUE
from tests.workflows.datasets.conftest import data
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.cases.lifecycle import State
from workflows.complaints.models import Complaint
from workflows.complaints.services import complain
from workflows.corrections.models import Reingestion
from workflows.datasets.models import Snapshot
from workflows.routing.assignment import assign
from workflows.routing.models import Team

__all__ = ["data"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(sign_in, intake):
    return sign_in(intake)


@pytest.fixture
def some_cases(intake) -> None:
    team = Team.objects.create(name="Ours")
    team.members.add(intake)
    assign(make_case(State.TRIAGE), INTAKE, team, intake)
    assign(make_case(State.RECEIVED), INTAKE, team)
    make_case(State.IDENTITY_NEEDED)
    make_case(State.INFORMATION_NEEDED)
    make_case(State.DECISION_PROPOSED)
    make_case(State.EXECUTING)
    complain(make_case(State.CLOSED), "Nobody answers my letters.")
    snapshot = make_snapshot("x.jsonl", read=False)
    for version in "12":
        other = make_snapshot("x.jsonl", snapshot.dataset, read=False, version=f"again {version}")
        Reingestion.objects.create(case=Complaint.objects.get().case, snapshot=other, records=1)
    for days in (60, 40, 16):
        file(at=timezone.now() - timedelta(days=days))


def tiles(page: str) -> dict[str, int]:
    found = re.findall(r'href="/staff/cases/case/\?([^"]+)">\s*<strong>(\d+)</strong>', page)
    return {html.unescape(query): int(count) for query, count in found}


def test_each_count_is_the_length_of_its_list(client, some_cases) -> None:
    counts = tiles(client.get("/staff/").content.decode())
    assert counts == {
        "whose=mine": 1,
        "whose=team": 2,
        "due=week": 1,
        "due=late": 2,
        "group=waiting": 2,
        "group=approval": 1,
        "group=executing": 1,
        "group=all&complaint=open": 1,
        "group=all&returned=open": 1,
    }
    for query, count in counts.items():
        rows = client.get(f"{QUEUE}?{query}").content.decode().count('class="data-row')
        assert rows == count, query


def test_says_how_old_the_oldest_open_case_is(client, some_cases) -> None:
    page = client.get("/staff/").content.decode()
    assert "9 cases are open." in page
    assert "The oldest was filed 60 days ago" in page


def test_a_data_steward_sees_what_waits_in_the_data(sign_in, data_steward, reviewer, data):
    (data / "a.jsonl").write_text(lines())
    forum = make_snapshot("a.jsonl")
    make_snapshot("nowhere.jsonl", forum.dataset, version="2")
    make_dataset("Approved", approved=True)
    Snapshot.objects.filter(pk=forum.pk).update(replaced_at=timezone.now() - timedelta(days=365))
    steward = sign_in(data_steward)
    page = steward.get("/staff/").content.decode()
    counts = dict(re.findall(r'href="(/staff/[^"]+)"><strong>(\d+)</strong>', page))
    assert counts == {
        "/staff/corrections/manifest/?state=open": "0",
        "/staff/corrections/recipientnotice/?state=untold": "0",
        "/staff/datasets/dataset/?approval=unapproved": "1",
        "/staff/datasets/snapshot/?state=unreadable": "1",
        "/staff/datasets/snapshot/?purge=due": "1",
    }
    for address, count in counts.items():
        shown = steward.get(address).content.decode()
        assert shown.count('class="data-row') == int(count), address
    assert (
        "nowhere.jsonl does not exist." in steward.get("/staff/datasets/snapshot/").content.decode()
    )
    assert "state=unreadable" not in sign_in(reviewer).get("/staff/").content.decode()


def test_counts_what_came_and_ended_by_week(client, some_cases) -> None:
    page = client.get("/staff/").content.decode()
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<td>(\d+)</td><td>(\d+)</td>", table)
    assert len(rows) == 12
    assert rows[-1] == ("7", "1")
    assert sum(int(received) for received, _ended in rows) == 10


def test_nothing_to_do_is_shown_as_well(client) -> None:
    assert set(tiles(client.get("/staff/").content.decode()).values()) == {0}


def test_costs_the_same_for_one_case_and_many(
    client, some_cases, django_assert_max_num_queries
) -> None:
    client.get("/staff/")
    with django_assert_max_num_queries(25) as few:
        client.get("/staff/")
    for _ in range(5):
        make_case(State.TRIAGE)
    with django_assert_max_num_queries(len(few)):
        client.get("/staff/")


def test_weeks_are_mondays_and_end_with_the_present_one() -> None:
    weeks = weeks_until(date(2026, 11, 25), 4)

    assert weeks == [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]
