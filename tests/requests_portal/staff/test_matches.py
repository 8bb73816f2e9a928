"""The page of matches: the look-up and its progress, verdicts, another spelling."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_case
from tests.requests_portal.staff.addresses import QUEUE, action_url, hidden_fields
from tests.workflows.datasets.conftest import data  # noqa: F401 - a fixture
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.cases.lifecycle import State
from workflows.corpus.values import ReadProblem
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


def boxes(page, name):
    return re.findall(rf'<input type="checkbox" name="{name}" value="([^"]+)"[^>]*>', page)


def test_the_ticked_ones_are_judged_together_nothing_is_ticked_and_no_weak_one_can_be(
    client, send, case
):
    work()
    strong = {str(pk) for pk in case.matches.filter(strength="strong").values_list("pk", flat=True)}
    page = page_of(client, case)
    assert set(boxes(page, "match")) == strong
    assert "checked" not in page
    choice = page[page.index('<select id="verdict"') :].split("</select>")[0]
    assert re.findall('<option value="([^"]*)"', choice)[0] == ""
    assert "selected" not in choice

    typed = {"do": "judge_chosen", "match": list(strong), "verdict": "theirs"}
    send(client, url(case), {**typed, "verdict": ""})
    assert set(case.matches.values_list("verdict", flat=True)) == {""}
    send(client, url(case), typed)
    judged = case.matches.values_list("strength", "verdict").distinct()
    assert set(judged) == {("strong", "theirs"), ("weak", "")}
    assert Event.objects.filter(name="match.reviewed").count() == 1


def test_weak_ones_are_refused_together_whatever_a_browser_sends(client, send, case):
    work()
    chosen = [str(pk) for pk in case.matches.values_list("pk", flat=True)]
    typed = {"do": "judge_chosen", "match": chosen, "verdict": "not_theirs"}
    answer = send(client, url(case), typed, follow=True)

    assert "judge weak places one by one" in answer.content.decode()
    assert set(case.matches.values_list("verdict", flat=True)) == {""}


def test_identical_texts_are_judged_together_only_where_that_is_ticked(client, send, case, data):  # noqa: F811
    same = [{"id": n, "text": "王小明来了"} for n in range(4)]
    (data / "chat.jsonl").write_text(lines(same))
    make_snapshot("chat.jsonl", make_dataset("Chat", approved=True), source_field="")
    work()
    own = case.matches.filter(snapshot__location="chat.jsonl")
    one, two, *_rest = [str(pk) for pk in own.values_list("pk", flat=True)]
    page = page_of(client, case)
    assert len(boxes(page, "alike")) == len(same)
    assert page.count("With it 3 other places whose text is identical") == len(same)

    send(client, url(case), {"judge": f"{one}:unsure"})
    assert own.filter(verdict="unsure").count() == 1
    answer = send(
        client,
        url(case),
        {"judge": f"{two}:not_theirs", "alike": [two]},
        HTTP_ACCEPT="application/json",
    )
    assert own.filter(verdict="not_theirs").count() == len(same) - 1
    assert len(answer.json()["last"]["matches"]) == len(same) - 1


def test_the_last_judgement_is_undone_by_one_press(client, send, case):
    work()
    assert "data-undo hidden" in page_of(client, case)
    match = case.matches.get(kind="phone")
    send(client, url(case), {"judge": f"{match.pk}:theirs"})
    page = page_of(client, case)
    assert "1 place as “Theirs”" in page
    judgement = re.search(r'name="judgement" value="([^"]+)"', page)[1]

    answer = send(client, url(case), {"do": "undo", "judgement": judgement}, follow=True)
    assert "The judgement of 1 place was undone." in answer.content.decode()
    match.refresh_from_db()
    assert match.verdict == ""
    answer = send(client, url(case), {"do": "undo", "judgement": judgement}, follow=True)
    assert "cannot be undone any more" in answer.content.decode()


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


def test_the_finding_waits_for_the_look_up_and_for_what_is_to_be_judged(client, send, case):
    drain()
    path = action_url(case, "record_finding")
    form = client.get(path).content.decode()
    assert "The look-up is under way" in form
    assert 'name="training_snapshot"' not in form
    work()
    form = client.get(path).content.decode()
    assert "3 places that were found wait to be judged" in form
    assert url(case) in form
    assert 'name="training_snapshot"' not in form
    assert "Everything that was found is judged" not in page_of(client, case)

    for match in case.matches.all():
        send(client, url(case), {"judge": f"{match.pk}:not_theirs"})
    assert "Everything that was found is judged" in page_of(client, case)
    typed = hidden_fields(client.get(path).content.decode())
    # Meanwhile another place is found: what was typed is refused, and kept.
    Match.objects.filter(kind="phone").update(verdict="", judged_by="", judged_at=None)
    typed |= {"text": "Not a single one.", "training_snapshot": "searched"}
    form = client.post(path, typed).content.decode()
    assert "1 place that was found waits to be judged" in form
    assert "Not a single one." in form
    assert case.items.get().finding == ""


@pytest.mark.parametrize("failed", [True, False])
def test_the_finding_says_that_data_were_not_searched_and_what_to_do(client, case, failed):
    if failed:
        drain()
        for scan in ShardScan.objects.all():
            scanning.fail_shard(scan, ReadProblem.GAVE_UP)
    form = client.get(action_url(case, "record_finding")).content.decode()
    assert ("could not read everything" in form) == failed
    assert ("Nobody has looked this person up yet" in form) != failed
    assert url(case) in form


def test_the_finding_is_filled_in_anew_where_the_look_up_came_to_something_else(client, send, case):
    work()
    for match in case.matches.all():
        send(client, url(case), {"judge": f"{match.pk}:not_theirs"})
    path = action_url(case, "record_finding")
    send(client, path, {"text": "None.", "training_snapshot": "searched", "model": "searched"})
    send(client, url(case), {"judge": f"{match.pk}:theirs"})

    form = client.get(path).content.decode()
    for scope, result in (("training_snapshot", "found"), ("model", "searched")):
        select = form[form.index(f'name="{scope}"') :].split("</select>")[0]
        assert re.search(rf'value="{result}"[^>]*selected', select)


def test_the_finding_is_filled_in_from_what_the_look_up_came_to(client, send, case):
    work()
    for match in case.matches.all():
        send(client, url(case), {"judge": f"{match.pk}:theirs"})

    form = client.get(action_url(case, "record_finding")).content.decode()
    select = form[form.index('name="training_snapshot"') :].split("</select>")[0]
    assert re.search(r'value="found"[^>]*selected', select)
