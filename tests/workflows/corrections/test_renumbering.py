"""A pipeline may number records anew: a verdict goes to no other record with the same text."""

from dataclasses import replace

import pytest

from tests.factories import STEWARD, WANG, in_review_with_proof
from tests.judging import judge_each
from tests.workflows.corrections.changing import (
    executing,
    look_up,
    manifest_for,
    propose_and_approve,
)
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import Manifest
from workflows.corrections.receipts import take_receipt
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.lookups import scanning
from workflows.lookups.models import Match
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
NAME = "王小明"
STRONG = "王小明，电话 13800001234"


def posts_of(data, records, **fields):
    (data / "posts.jsonl").write_text(lines(records))
    return make_snapshot("posts.jsonl", source_field="", **fields)


def given(manifest, records, version="2", status="partly"):
    """Take what a pipeline says came out of a manifest, re-scan it and look everybody up in it."""
    path = path_of(manifest.snapshot).with_name(f"{version}.jsonl")
    path.write_text(lines(records))
    new = Snapshot(version=version, format="jsonl", location=path.name)
    take_receipt(manifest, STEWARD, key=version, status=status, snapshot=new)
    verify_manifest(str(manifest.pk))
    look_up()
    manifest.refresh_from_db()
    return new


def verdicts(case, snapshot, field="text"):
    found = case.matches.filter(snapshot=snapshot, field=field, kind="name")
    return {match.record: match.verdict for match in found.select_related("case__data_key")}


def test_a_namesake_s_record_under_the_old_number_is_judged_again(data):
    posts = posts_of(
        data, [{"id": 1, "text": NAME}, {"id": 2, "text": NAME}, {"id": 3, "text": STRONG}]
    )
    case = executing(Outcome.DELETED, DELETE, frozenset({1, 3}))
    # The record was deleted, the numbers begin anew, and another record was forgotten.
    new = given(manifest_for(posts), [{"id": 1, "text": NAME}, {"id": 3, "text": STRONG}])

    assert verdicts(case, new) == {1: "", 3: "theirs"}
    assert {entry.id for entry in entries_of(manifest_for(posts))} == {3}


def test_of_two_records_with_one_text_neither_takes_the_verdict_on_the_one_of_before(data):
    posts = posts_of(data, [{"id": 1, "text": NAME}, {"id": 3, "text": STRONG}])
    case = executing(Outcome.DELETED, DELETE, frozenset({1, 3}))
    records = [{"id": 1, "text": NAME}, {"id": 2, "text": NAME}, {"id": 3, "text": STRONG}]
    new = given(manifest_for(posts), records)
    assert verdicts(case, new) == {1: "", 2: "", 3: "theirs"}


def test_where_all_with_one_text_are_another_s_that_stays_known(data):
    records = [{"id": 1, "text": NAME}, {"id": 2, "text": NAME}, {"id": 3, "text": STRONG}]
    posts = posts_of(data, records)
    case = executing(Outcome.DELETED, DELETE, frozenset({3}))
    new = given(manifest_for(posts), records)
    assert verdicts(case, new) == {1: "not_theirs", 2: "not_theirs", 3: "theirs"}
    more = given(manifest_for(posts), [*records, {"id": 4, "text": NAME}], version="3")
    assert verdicts(case, more) == {1: "", 2: "", 3: "theirs", 4: ""}


def test_a_record_is_known_again_by_any_of_its_texts(data):
    def records(*bodies):
        return [{"id": n, "title": NAME, "text": body} for n, body in enumerate(bodies)]

    first = records(STRONG, "王小明在北京", "王小明的猫")
    posts = posts_of(data, first, text_fields=["title", "text"])
    case = executing(Outcome.DELETED, DELETE, frozenset({0}))
    new = given(manifest_for(posts), [*first[:2], {**first[2], "text": "王小明的狗"}])
    assert verdicts(case, new) == {0: "theirs", 1: "not_theirs", 2: ""}
    assert verdicts(case, new, "title") == {0: "theirs", 1: "not_theirs", 2: ""}


def test_what_was_gone_in_between_is_another_record_when_it_stands_there_again(data):
    records = [{"id": 1, "text": NAME}, {"id": 3, "text": STRONG}]
    posts = posts_of(data, records)
    case = executing(Outcome.DELETED, DELETE, frozenset({1, 3}))
    between = given(manifest_for(posts), records[1:])
    assert verdicts(case, between) == {3: "theirs"}
    new = given(manifest_for(posts), records, version="3")
    assert verdicts(case, new) == {1: "", 3: "theirs"}


@pytest.mark.parametrize("kept", [200, 2])
def test_where_not_all_places_were_kept_a_name_alone_is_judged_again(data, monkeypatch, kept):
    monkeypatch.setattr(scanning, "WEAK_KEPT", kept)
    records = [
        {"id": 1, "text": "王小明一"}, {"id": 2, "text": "王小明二"}, {"id": 3, "text": "王小明三"},
        {"id": 9, "text": STRONG},
    ]  # fmt: skip
    posts = posts_of(data, records)
    case = in_review_with_proof(DELETE)
    look_up()
    judge_each(case, [match.pk for match in case.matches.all()], Match.Verdict.THEIRS)
    propose_and_approve(case, Outcome.DELETED)
    new = given(manifest_for(posts), records)
    known = "theirs" if kept > len(records) else ""
    found = verdicts(case, new)
    assert found.pop(9) == "theirs"  # name and number in one text are in no other that is not kept
    assert set(found.values()) == {known}


def test_where_a_part_of_the_data_was_not_searched_nothing_is_carried_over(data):
    records = [{"id": 1, "text": NAME}, {"id": 3, "text": STRONG}]
    posts = posts_of(data, records)
    case = executing(Outcome.DELETED, DELETE, frozenset({1, 3}))
    run = case.lookup_runs.get()
    run.scans.create(snapshot=posts, number=1, file="lost.jsonl", state="failed", problem="broken")
    new = given(manifest_for(posts), records)
    assert verdicts(case, new) == {1: "", 3: "theirs"}
    assert build_manifest(posts.pk).state == Manifest.State.OPEN
