"""What was taken out and came back: told to staff whatever became of the case, and taken out again."""

import json
from dataclasses import replace

import pytest
from django.utils import timezone

from tests.factories import APPROVER, OFFICER, OTHER_OFFICER, REVIEWER, STEWARD, WANG
from tests.workflows.corrections.changing import FORUM, executing, manifest_for, run_due
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import Action
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput, Refused
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Manifest, Reingestion
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.redo_removal import find_reingested, redo_removal
from workflows.corrections.reingestion import (
    enqueue_redo_removal,
    open_reingestions,
    resolve_return,
)
from workflows.datasets.locations import path_of
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.retention.erasure import erase, request_erasure
from workflows.routing.models import Assignment, Team
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


def carry_out(manifest):
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    return manifest


def closed(outcome, request_, forum):
    """Take a case to its end, its data changed and proved."""
    case = executing(outcome, request_)
    assert carry_out(manifest_for(forum)).state == Manifest.State.VERIFIED
    moves.answer(case, APPROVER)
    advance(case, Action.CLOSE, REVIEWER)
    case.refresh_from_db()
    return case


def come_back(data, forum, records=FORUM):
    """Register a crawl in which the records stand again, under other ids and in another order."""
    again = [{"id": f"new-{row['id']}", "text": row["text"]} for row in reversed(records)]
    (data / "crawl.jsonl").write_text(lines(again))
    crawl = make_snapshot("crawl.jsonl", forum.dataset, version="crawl", source_field="")
    assert find_reingested(crawl.pk) == 1
    return Reingestion.objects.get(snapshot=crawl)


def texts(snapshot):
    return {
        row["id"]: row["text"]
        for row in map(json.loads, path_of(snapshot).read_text().splitlines())
    }


@pytest.fixture
def delete_request():
    return replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))


@pytest.mark.parametrize(
    ("outcome", "after"),
    [
        (Outcome.DELETED, None),
        (Outcome.ANONYMISED, "[REDACTED]住在上海，电话 [REDACTED]"),
    ],
)
def test_it_is_taken_out_again_though_the_case_is_closed(
    forum, data, delete_request, outcome, after
):
    case = closed(outcome, delete_request, forum)
    returned = come_back(data, forum)
    assert (returned.records, returned.places) == (1, [["crawl.jsonl", 2]])

    enqueue_redo_removal(returned, STEWARD)
    manifest = redo_removal(returned.pk)
    carry_out(manifest)

    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert texts(manifest.result).get("new-a") == after
    assert texts(manifest.result)["new-b"] == FORUM[1]["text"]
    returned.refresh_from_db()
    case.refresh_from_db()
    assert returned.resolved_at is not None
    assert case.state == "closed"
    resolved = Event.objects.get(name="tombstone.resolved", case=case.pseudonym)
    assert resolved.facts["manifest"] == str(manifest.pk)
    assert find_reingested(manifest.result.pk) == 0


def test_a_correction_is_made_again_where_the_wrong_text_came_back(forum, data):
    closed(Outcome.CORRECTED, WANG, forum)
    returned = come_back(data, forum)
    enqueue_redo_removal(returned, STEWARD)
    manifest = carry_out(redo_removal(returned.pk))
    assert texts(manifest.result)["new-a"] == "王小明住在杭州，电话 13800001234"


def test_a_deleted_record_is_deleted_again_after_the_erasure_of_the_case(
    forum, data, delete_request
):
    case = closed(Outcome.DELETED, delete_request, forum)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)
    returned = come_back(data, forum)
    enqueue_redo_removal(returned, STEWARD)
    manifest = carry_out(redo_removal(returned.pk))
    assert manifest.state == Manifest.State.VERIFIED
    assert set(texts(manifest.result)) == {"new-b", "new-c"}
    returned.refresh_from_db()
    assert returned.places == []


def test_what_cannot_be_done_again_says_so_and_is_dealt_with_by_hand(forum, data):
    case = closed(Outcome.CORRECTED, WANG, forum)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)
    returned = come_back(data, forum)
    enqueue_redo_removal(returned, STEWARD)
    assert redo_removal(returned.pk) is None
    returned.refresh_from_db()
    assert "by hand" in returned.remark
    assert returned.asked_at is None

    with pytest.raises(Refused):
        resolve_return(returned, REVIEWER, "Taken out.")
    with pytest.raises(InvalidInput):
        resolve_return(returned, STEWARD, " ")
    resolve_return(returned, STEWARD, "Taken out of the source.")
    with pytest.raises(Refused, match="already"):
        resolve_return(returned, STEWARD, "Once more.")
    event = Event.objects.get(name="tombstone.resolved")
    assert "how" not in event.facts
    assert open_reingestions(case) == []


def test_where_it_stood_goes_with_the_case_once_it_was_dealt_with(forum, data, delete_request):
    """The id of a row may be that of a person."""
    case = closed(Outcome.DELETED, delete_request, forum)
    returned = come_back(data, forum)
    resolve_return(returned, STEWARD, "Taken out of the source.")
    returned.refresh_from_db()
    assert returned.places
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)
    returned.refresh_from_db()
    assert (returned.places, returned.records) == ([], 1)


def test_it_is_asked_for_once_by_stewards_and_again_after_a_refusal(forum, data, delete_request):
    closed(Outcome.DELETED, delete_request, forum)
    returned = come_back(data, forum)
    with pytest.raises(Refused, match="stewards"):
        enqueue_redo_removal(returned, REVIEWER)
    enqueue_redo_removal(returned, STEWARD)
    with pytest.raises(Refused, match="under way"):
        enqueue_redo_removal(returned, STEWARD)
    first = redo_removal(returned.pk)
    assert redo_removal(returned.pk) is None
    take_receipt(first, STEWARD, key="k", status="refused", remark="The disk is full.")
    enqueue_redo_removal(returned, STEWARD)
    second = redo_removal(returned.pk)
    assert second not in {None, first}


def test_a_snapshot_that_was_replaced_is_left_alone(forum, data, delete_request):
    closed(Outcome.DELETED, delete_request, forum)
    returned = come_back(data, forum)
    (data / "crawl-2.jsonl").write_text(lines(FORUM))
    make_snapshot("crawl-2.jsonl", forum.dataset, version="crawl-2", parent=returned.snapshot)
    with pytest.raises(Refused, match="newer version"):
        enqueue_redo_removal(returned, STEWARD)


def test_the_team_of_a_closed_case_is_told_once(forum, data, delete_request, mailoutbox, settings):
    settings.LANGUAGE_CODE = "en"
    case = closed(Outcome.DELETED, delete_request, forum)
    team = Team.objects.create(name="Data", email="data@provider.example")
    now = timezone.now()
    Assignment.objects.update_or_create(case=case, defaults={"team": team, "assigned_at": now})
    returned = come_back(data, forum)
    find_reingested(returned.snapshot_id)
    mailoutbox.clear()
    run_due("routing")
    (mail,) = mailoutbox
    assert mail.subject == f"Data came back: case {case.number}"
    assert "came back with a newly registered snapshot" in mail.body
    assert "王小明" not in mail.body


def test_a_record_is_counted_once_though_two_of_its_texts_came_back(data, forum, delete_request):
    closed(Outcome.DELETED, delete_request, forum)
    text = FORUM[0]["text"]
    (data / "twice.jsonl").write_text(lines([{"id": "x", "text": text, "title": text}]))
    twice = make_snapshot(
        "twice.jsonl",
        forum.dataset,
        version="twice",
        source_field="",
        text_fields=["text", "title"],
    )
    assert find_reingested(twice.pk) == 1
    returned = Reingestion.objects.get(snapshot=twice)
    assert (returned.records, returned.places) == (1, [["twice.jsonl", 0]])


def test_a_namesake_whose_record_shares_a_short_text_alone_is_left_alone(data, delete_request):
    """Where a name has a field of its own, it stands with others, too."""
    fields = {"source_field": "", "text_fields": ["author", "text"]}
    theirs, other = FORUM[0]["text"], "我喜欢在周末的时候去公园里散步和看书。"
    (data / "posts.jsonl").write_text(
        lines([{"id": "a", "author": "王小明", "text": theirs}, {"id": "b", "text": "nothing"}])
    )
    posts = make_snapshot("posts.jsonl", **fields)
    closed(Outcome.DELETED, delete_request, posts)
    (data / "crawl.jsonl").write_text(
        lines(
            [
                {"id": "theirs", "author": "王小明", "text": theirs},
                {"id": "other", "author": "王小明", "text": other},
            ]
        )
    )
    crawl = make_snapshot("crawl.jsonl", posts.dataset, version="crawl", **fields)
    find_reingested(crawl.pk)
    returned = Reingestion.objects.get(snapshot=crawl)
    enqueue_redo_removal(returned, STEWARD)
    manifest = carry_out(redo_removal(returned.pk))
    assert texts(manifest.result) == {"other": other}

    # What is left is for a person to look at: no manifest touches it.
    find_reingested(manifest.result.pk)
    left = Reingestion.objects.get(snapshot=manifest.result)
    enqueue_redo_removal(left, STEWARD)
    assert redo_removal(left.pk) is None
    left.refresh_from_db()
    assert "may be about somebody else" in left.remark
