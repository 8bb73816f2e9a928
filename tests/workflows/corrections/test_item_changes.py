"""Reviewers say which words are wrong and right, and whether a deletion keeps the record."""

import json
from dataclasses import replace

import pytest

from tests.factories import (
    APPROVER,
    INTAKE,
    REVIEWER,
    STEWARD,
    WANG,
    in_review_with_proof,
    make_case,
)
from tests.workflows.corrections.changing import FORUM, judge_all, look_up, manifest_for
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases import staff_actions
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.staff_actions import ItemProposal
from workflows.common.errors import InvalidInput, Refused
from workflows.corrections.erasure import erase_case_data
from workflows.corrections.instructions import record_receipt
from workflows.corrections.item_changes import redacts, replacements_of, save_item_change
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Instruction, ItemChange, Manifest
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.ledger.models import Event
from workflows.outbox.services import drain
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
PAIRS = [("住在上海", "住在杭州"), ("电话", "手机")]


def of_kind(kind, **details):
    return replace(WANG, items=(FiledItem(kind, {"statement": "请处理。", **details}),))


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


def carried_out(forum, request, outcome, pairs=(), *, redact=False):
    """Return the text of the person's record after the item was carried out; None if it went."""
    case = in_review_with_proof(request)
    look_up()
    judge_all(case, {"a"})
    save_item_change(case.items.get(), REVIEWER, pairs, redact=redact)
    proposal = ItemProposal(case.items.get(), outcome, "The record was wrong.")
    staff_actions.propose_decision(case, REVIEWER, [proposal])
    staff_actions.approve(case, APPROVER)
    drain()
    manifest = manifest_for(forum)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert case.items.get().executed
    rows = map(json.loads, path_of(manifest.result).read_text().splitlines())
    return next((row["text"] for row in rows if row["id"] == "a"), None)


def test_each_pair_is_replaced_where_the_person_named_none(forum):
    text = carried_out(forum, of_kind("correct"), Outcome.CORRECTED, PAIRS)
    assert text == "王小明住在杭州，手机 13800001234"


def test_a_further_pair_is_replaced_beside_the_person_s_own(forum):
    text = carried_out(forum, WANG, Outcome.CORRECTED, PAIRS[1:])
    assert text == "王小明住在杭州，手机 13800001234"


@pytest.mark.parametrize(
    ("redact", "after"), [(True, "[REDACTED]住在上海，电话 [REDACTED]"), (False, None)]
)
def test_a_deletion_takes_the_words_out_or_the_record(forum, redact, after):
    assert carried_out(forum, of_kind("delete"), Outcome.DELETED, redact=redact) == after


@pytest.mark.parametrize(
    ("pairs", "after"),
    [
        ([("住在上海", "，曾住杭州")], "王小明住在上海，曾住杭州，电话 13800001234"),
        ([("上海", "市"), ("电话", "(home)")], "王小明住在上海市，电话(home) 13800001234"),
        ([("13800001234", "ext. 5")], "王小明住在上海，电话 13800001234 ext. 5"),
    ],
)
def test_what_is_missing_is_added_behind_the_text_that_a_reviewer_names(forum, pairs, after):
    wish = of_kind("supplement", correct="曾住杭州")
    assert carried_out(forum, wish, Outcome.SUPPLEMENTED, pairs) == after


def test_what_was_added_is_not_added_twice_when_another_manifest_is_made(forum, data):
    """A re-scan that found something else has the manifest made again, for what came out."""
    case = in_review_with_proof(of_kind("supplement", correct="市"))
    look_up()
    judge_all(case, {"a", "b"})
    save_item_change(case.items.get(), REVIEWER, [("上海", "市")], redact=False)
    proposal = ItemProposal(case.items.get(), Outcome.SUPPLEMENTED, "It was missing.")
    staff_actions.propose_decision(case, REVIEWER, [proposal])
    staff_actions.approve(case, APPROVER)
    drain()
    half = [{**FORUM[0], "text": "王小明住在上海市，电话 13800001234"}, *FORUM[1:]]
    (data / "half.jsonl").write_text(lines(half))
    first = manifest_for(forum)
    new = Snapshot(version="half", format="jsonl", location="half.jsonl")
    take_receipt(first, STEWARD, key="k", status="partly", snapshot=new)
    verify_manifest(str(first.pk))
    look_up()
    second = manifest_for(forum)
    ask_to_apply(second, STEWARD)
    apply_locally(str(second.pk))
    second.refresh_from_db()
    rows = [json.loads(line) for line in path_of(second.result).read_text().splitlines()]
    assert [row["text"] for row in rows] == [
        "王小明住在上海市，电话 13800001234", "另一个王小明也住在上海市", "nothing here",
    ]  # fmt: skip


def test_what_nobody_says_where_to_add_waits_for_a_receipt_by_hand(forum):
    case = in_review_with_proof(of_kind("supplement", claimed="住在上海", correct="住在杭州"))
    look_up()
    judge_all(case, {"a"})
    proposal = ItemProposal(case.items.get(), Outcome.SUPPLEMENTED, "It was missing.")
    staff_actions.propose_decision(case, REVIEWER, [proposal])
    staff_actions.approve(case, APPROVER)
    drain()
    assert build_manifest(forum.pk) is None
    record_receipt(Instruction.objects.get(), STEWARD, "Added in the source, looked at twice.")
    assert case.items.get().executed


def test_the_log_knows_that_it_was_said_and_no_word_of_it():
    item = in_review_with_proof().items.get()
    save_item_change(item, REVIEWER, PAIRS[1:], redact=False)
    event = Event.objects.get(name="change.specified")
    assert event.facts == {"item": 1, "pairs": 1, "redact": False}
    assert set(event.commitments) == {"pairs"}
    assert "手机".encode() not in bytes(event.leaf)


def test_it_takes_the_place_of_what_was_said_before_and_is_sealed():
    item = in_review_with_proof(of_kind("correct")).items.get()
    save_item_change(item, REVIEWER, PAIRS, redact=False)
    save_item_change(item, REVIEWER, PAIRS[:1], redact=False)
    item.refresh_from_db()
    assert replacements_of(item) == PAIRS[:1]
    assert not redacts(item)
    assert ItemChange.objects.count() == 1


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "")],
        [("", "b")],
        [("住在上海市", "x")],
        [("a", "b"), ("a", "c")],
        [("x" * 20_001, "y")],
    ],
    ids=["no right", "no wrong", "holds the person's own", "twice", "too long"],
)
def test_what_cannot_be_carried_out_is_refused(pairs):
    item = in_review_with_proof().items.get()
    with pytest.raises(InvalidInput):
        save_item_change(item, REVIEWER, pairs, redact=False)
    assert not ItemChange.objects.exists()


@pytest.mark.parametrize(("pairs", "redact"), [(PAIRS, False), ([], True)])
def test_an_item_that_changes_no_data_takes_none_of_it(pairs, redact):
    item = in_review_with_proof(of_kind("copy")).items.get()
    with pytest.raises(InvalidInput, match="kind of item"):
        save_item_change(item, REVIEWER, pairs, redact=redact)


def test_only_reviewers_say_it_and_only_before_the_proposal():
    with pytest.raises(Refused):
        save_item_change(in_review_with_proof().items.get(), INTAKE, PAIRS[1:], redact=False)
    with pytest.raises(Refused):
        save_item_change(make_case(State.EXECUTING).items.get(), REVIEWER, PAIRS[1:], redact=False)


def test_it_is_gone_when_the_case_is_erased():
    case = in_review_with_proof()
    save_item_change(case.items.get(), REVIEWER, PAIRS[1:], redact=False)
    erase_case_data(case)
    assert not ItemChange.objects.exists()
