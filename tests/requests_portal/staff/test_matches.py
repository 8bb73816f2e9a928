"""The page of matches: the look-up and its progress, verdicts, another spelling."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_case
from tests.requests_portal.staff.addresses import QUEUE, action_url
from tests.workflows.datasets.conftest import data  # noqa: F401 - a fixture
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.cases.lifecycle import State
from workflows.ledger.models import Event
from workflows.lookups import scanning
from workflows.lookups.models import LookupRun, Match, ShardScan
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db

FORUM = [
    {"id": "a", "text": "联系王小明，电话 13800001234", "url": "https://forum.example/1"},
    {"id": "b", "text": "另一个王小明，电话 13900009999", "url": "https://forum.example/2"},
]


@pytest.fixture
def case(data, monkeypatch):  # noqa: F811
    monkeypatch.setattr("celery.current_app.send_task", lambda *args, **kwargs: None)
    (data / "forum.jsonl").write_text(lines(FORUM))
    make_snapshot("forum.jsonl", make_dataset(approved=True))
    return make_case(State.IN_REVIEW)


def work():
    scanning.clear_pass_cache()
    drain()
    for scan in ShardScan.objects.filter(state=ShardScan.State.WAITING):
        scanning.scan_shard(scan.pk)


@pytest.fixture
def client(sign_in, reviewer):
    return sign_in(reviewer)


def url(case):
    return f"{QUEUE}{case.pk}/matches/"


def page_of(client, case, query=""):
    answer = client.get(f"{url(case)}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_matches_stand_in_groups_by_dataset_and_source_strong_ones_first(client, case):
    work()
    page = page_of(client, case)

    legends = re.findall(r"<legend>([^<]*)</legend>", page)
    assert legends[:2] == [
        "Forum · 1 · https://forum.example/1",
        "Forum · 1 · https://forum.example/2",
    ]
    assert "<mark>13800001234</mark>" in page
    assert "13900009999" not in page


def test_a_look_at_the_matches_is_a_step(client, case):
    work()
    page_of(client, case)

    facts = [event.facts for event in Event.objects.filter(name="case.viewed").order_by("pk")]
    assert {"what": "matches"} in facts


def test_progress_is_told_while_shards_are_searched(client, case):
    drain()
    assert "data-progress" in page_of(client, case)
    waiting = client.get(f"{url(case)}progress/").json()
    assert (waiting["running"], waiting["percent"], waiting["shards"]) == (True, 0, 1)
    work()

    done = client.get(f"{url(case)}progress/").json()
    assert (done["running"], done["percent"]) == (False, 100)
    assert (done["strong"], done["weak"]) == (2, 1)
    assert "data-progress" not in page_of(client, case)


def test_one_match_is_judged_by_its_button_and_leaves_the_list(client, send, case):
    work()
    match = case.matches.get(kind="phone")

    send(client, url(case), {"judge": f"{match.pk}:theirs"})

    match.refresh_from_db()
    assert match.verdict == "theirs"
    assert str(match.pk) not in page_of(client, case)
    assert str(match.pk) in page_of(client, case, "?show=theirs")


def test_a_script_judges_without_a_page_and_is_told_a_refusal(client, send, case):
    work()
    match = case.matches.get(kind="phone")
    accept = {"HTTP_ACCEPT": "application/json"}

    assert "done" in send(client, url(case), {"judge": f"{match.pk}:unsure"}, **accept).json()
    refused = send(client, url(case), {"judge": f"{match.pk}:perhaps"}, **accept)
    assert refused.status_code == 409
    assert "unsure" in refused.json()["error"]


def test_the_ticked_ones_are_judged_together(client, send, case):
    work()
    chosen = [str(pk) for pk in case.matches.values_list("pk", flat=True)]

    send(client, url(case), {"do": "judge_chosen", "match": chosen, "verdict": "not_theirs"})

    assert set(case.matches.values_list("verdict", flat=True)) == {"not_theirs"}
    assert Event.objects.filter(name="match.reviewed").count() == 1


def test_nothing_ticked_is_said_and_changes_nothing(client, send, case):
    work()
    answer = send(client, url(case), {"do": "judge_chosen", "verdict": "theirs"}, follow=True)

    assert "Choose at least one match" in answer.content.decode()
    assert set(case.matches.values_list("verdict", flat=True)) == {""}


def test_another_spelling_is_searched_once_more(client, send, case):
    work()
    send(client, url(case), {"do": "spelling", "kind": "phone", "spelling": "13900009999"})
    work()

    assert case.matches.filter(kind="phone").count() == 2
    assert "13900009999" in page_of(client, case)


def test_a_second_look_up_is_refused_while_one_runs(client, send, case):
    drain()
    answer = send(client, url(case), {"do": "look_up"}, follow=True)

    assert "under way" in answer.content.decode()
    assert LookupRun.objects.count() == 1


def test_an_unapproved_source_is_marked_with_a_word_and_a_sign(client, data, monkeypatch):  # noqa: F811
    monkeypatch.setattr("celery.current_app.send_task", lambda *args, **kwargs: None)
    (data / "forum.jsonl").write_text(lines(FORUM))
    make_snapshot("forum.jsonl")
    case = make_case(State.IN_REVIEW)
    work()

    assert "▲ not approved" in page_of(client, case)


def test_who_works_on_no_case_sees_no_match(sign_in, administrator, case):
    for address in (url(case), f"{url(case)}progress/"):
        assert sign_in(administrator).get(address).status_code == 403


def test_intake_sees_the_matches_and_judges_none(sign_in, send, intake, case):
    work()
    client = sign_in(intake)
    match = case.matches.first()

    assert "<mark>" in page_of(client, case)
    answer = send(client, url(case), {"judge": f"{match.pk}:theirs"}, follow=True)
    assert "Only reviewers" in answer.content.decode()
    match.refresh_from_db()
    assert match.verdict == ""


def test_the_number_of_queries_does_not_grow_with_the_matches(client, case, data):  # noqa: F811
    work()
    page_of(client, case, "?show=all")
    with CaptureQueriesContext(connection) as few:
        page_of(client, case, "?show=all")
    snapshot = Match.objects.first().snapshot
    for number in range(60):
        Match.objects.create(
            case=case,
            snapshot=snapshot,
            place_digest=number.to_bytes(32, "big"),
            file="forum.jsonl",
            field="text",
            start=0,
            end=3,
            kind="name",
            strength="weak",
            excerpt={"before": "", "hit": "王小明", "after": ""},
        )
    with CaptureQueriesContext(connection) as many:
        page = page_of(client, case, "?show=all")

    assert len(many) == len(few)
    assert "Page 1 of 2" in page
    assert "Page 2 of 2" in page_of(client, case, "?show=all&page=2")


def test_the_finding_is_filled_in_from_what_the_look_up_came_to(client, send, case):
    work()
    for match in case.matches.all():
        send(client, url(case), {"judge": f"{match.pk}:theirs"})

    form = client.get(action_url(case, "record_finding")).content.decode()
    select = form[form.index('name="training_snapshot"') :].split("</select>")[0]
    assert re.search(r'value="found"[^>]*selected', select)
