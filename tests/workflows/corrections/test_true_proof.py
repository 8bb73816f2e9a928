"""A proof that is one: nothing is verified while a place that was to go may still stand anywhere."""

import json
from dataclasses import replace

import pytest
from django.utils import timezone, translation

from requests_portal.staff.data.manifest_presenter import next_step
from tests.factories import APPROVER, REVIEWER, STEWARD, WANG, in_review_with_proof
from tests.workflows.corrections.changing import (
    FORUM,
    executing,
    look_up,
    manifest_for,
    propose_and_approve,
)
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledIdentifier, FiledItem
from workflows.common.errors import InvalidInput
from workflows.corrections import manifests
from workflows.corrections.answer_parts import known_of
from workflows.corrections.instructions import record_receipt
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import enqueue_verification
from workflows.corrections.models import Manifest
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.lookups import scanning
from workflows.lookups.models import Match
from workflows.lookups.services import judge, nightly_pass
from workflows.notices import moves
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
NAMED = "王小明又来了"


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


def claim(manifest, data, records, name="claimed.jsonl"):
    """A pipeline says that these records came out."""
    (data / name).write_text(lines(records))
    new = Snapshot(version=name, format="jsonl", location=name)
    take_receipt(manifest, STEWARD, key=name, status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    return [(place["why"], place.get("id")) for place in manifest.left]


def test_a_record_that_was_forgotten_under_a_new_number_is_named(forum, data):
    case = executing(Outcome.DELETED, DELETE)
    renumbered = [{**row, "id": f"n{row['id']}"} for row in FORUM]
    left = claim(manifest_for(forum), data, renumbered)
    assert ("unchanged", "na") in left
    assert ("found", "na") in left
    with pytest.raises(MoveRefused):
        moves.answer(case, APPROVER)


def test_a_weak_name_judged_theirs_is_found_under_a_new_number_and_other_words(data):
    records = [{"id": str(n), "text": f"{NAMED} {n}", "url": ""} for n in range(4)]
    (data / "weak.jsonl").write_text(lines(records))
    weak = make_snapshot("weak.jsonl")
    executing(Outcome.DELETED, DELETE, frozenset("0"))
    forgotten = [{**row, "id": f"n{row['id']}", "text": row["text"] + "!"} for row in records]
    left = claim(manifest_for(weak), data, forgotten)
    assert left == [("records", None), ("unjudged", "n3")]


def test_a_receipt_that_names_an_unrelated_file_proves_nothing(forum, data):
    executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(forum)
    unrelated = [{"id": n, "text": f"weather {n}", "url": ""} for n in range(2)]
    assert claim(manifest, data, unrelated) == [("different", None)]
    assert manifest.state == Manifest.State.LEFT


def test_a_pipeline_that_loses_others_on_the_way_is_told(forum, data):
    executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(forum)
    assert claim(manifest, data, FORUM[1:2]) == [("records", None)]
    assert (manifest.left[0]["expected"], manifest.left[0]["counted"]) == (2, 1)


def test_a_pipeline_that_numbers_anew_and_forgets_nothing_passes(forum, data):
    executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(forum)
    rest = [{**row, "id": f"n{row['id']}"} for row in reversed(FORUM[1:])]
    assert claim(manifest, data, rest) == []
    assert manifest.state == Manifest.State.VERIFIED


def test_where_the_old_data_are_gone_the_numbers_are_compared_all_the_same(forum, data):
    executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(forum)
    path_of(forum).unlink()
    assert claim(manifest, data, FORUM[2:]) == [("records", None)]


@pytest.fixture
def folder(data):
    """A snapshot of two files."""
    (data / "posts").mkdir()
    (data / "posts" / "a.jsonl").write_text(lines(FORUM))
    (data / "posts" / "b.jsonl").write_text(lines([{**FORUM[2], "id": n} for n in range(3)]))
    return make_snapshot("posts")


@pytest.mark.parametrize("gone", [["a.jsonl", "b.jsonl"], ["b.jsonl"]])
def test_where_files_of_the_old_data_are_gone_those_that_were_lost_are_missed(folder, data, gone):
    executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(folder)
    for name in gone:
        (path_of(folder) / name).unlink()
    assert claim(manifest, data, FORUM[1:], "a.jsonl") == [("records", None)]
    assert (manifest.left[0]["expected"], manifest.left[0]["counted"]) == (5, 2)


@pytest.mark.parametrize("is_emptied", [True, False])
def test_where_nothing_says_how_many_records_there_were_nothing_is_verified(
    folder, data, is_emptied
):
    case = executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(folder)
    Snapshot.objects.filter(pk=folder.pk).update(rows=None)
    away = path_of(folder).rename(data / "away")
    if is_emptied:
        (data / "posts").mkdir()

    rest = [*FORUM[1:], *({**FORUM[2], "id": n} for n in range(3))]
    assert claim(manifest, data, rest) == [("not_comparable", None)]
    assert manifest.left[0]["file"] == "posts"
    with translation.override("en"):
        assert "Put them back" in next_step(manifest)
        (line, *_more) = known_of(case, "deletion_answer", tuple(case.items.all()))["datasets"][
            0
        ].items
    assert "could not be compared with the version before" in line

    if is_emptied:
        (data / "posts").rmdir()
    away.rename(data / "posts")
    enqueue_verification(manifest, STEWARD)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left


def test_that_nothing_was_compared_is_said_also_where_much_is_left(folder, data, monkeypatch):
    monkeypatch.setattr(manifests, "_SHOWN", 1)
    executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(folder)
    Snapshot.objects.filter(pk=folder.pk).update(rows=None)
    path_of(folder).rename(data / "away")
    assert claim(manifest, data, [*FORUM, *FORUM]) == [("not_comparable", None)]
    assert manifest.left_count > 1


def test_plain_text_of_which_the_old_documents_are_gone_is_not_comparable(data):
    (data / "a.txt").write_text("王小明，电话 13800001234\n\nThe end.\n")
    notes = make_snapshot("a.txt", format="text", source_field="")
    executing(Outcome.DELETED, DELETE, frozenset({"a.txt#0"}))
    manifest = manifest_for(notes)
    (data / "2.txt").write_text("[REDACTED]\n\nThe end.\n")
    away = path_of(notes).rename(data / "away")
    new = Snapshot(version="2", format="text", location="2.txt")
    take_receipt(manifest, STEWARD, key="2", status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.left == [{"why": "not_comparable", "file": "a.txt"}]

    away.rename(data / "a.txt")
    enqueue_verification(manifest, STEWARD)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left


def test_what_is_left_out_in_one_file_excuses_nothing_in_another(data):
    """Two files number their records from 1; one of them was changed since it was searched."""
    (data / "posts").mkdir()
    for name in "ab":
        records = [{"id": 1, "text": f"{NAMED} in {name}", "url": ""}]
        (data / "posts" / f"{name}.jsonl").write_text(lines(records))
    posts = make_snapshot("posts")
    executing(Outcome.ANONYMISED, DELETE, frozenset([1]))
    (data / "posts" / "a.jsonl").write_text(lines([{"id": 1, "text": f"{NAMED}!", "url": ""}]))
    manifest = manifest_for(posts)
    assert [place["file"] for place in manifest.left_out] == ["a.jsonl"]

    forgotten = [{"id": 11, "text": f"{NAMED}!", "url": ""}, {"id": 12, "text": NAMED, "url": ""}]
    assert claim(manifest, data, forgotten) == [("unjudged", 12)]


@pytest.fixture
def common(data, monkeypatch):
    """Twenty records with the name alone, of which the look-up keeps five."""
    monkeypatch.setattr(scanning, "WEAK_KEPT", 5)
    records = [{"id": str(n), "text": f"{NAMED} {n}", "url": ""} for n in range(20)]
    (data / "common.jsonl").write_text(lines(records))
    return make_snapshot("common.jsonl")


def test_nothing_is_verified_while_names_are_left_that_were_never_kept(common):
    case = executing(Outcome.DELETED, DELETE, frozenset(map(str, range(20))))
    manifest = manifest_for(common)
    assert manifest.records == 5
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert (manifest.state, manifest.left_count) == (Manifest.State.LEFT, 15)
    assert {place["why"] for place in manifest.left} == {"unjudged"}
    assert json.loads(json.dumps(manifest.left[0]))["kind"] == "name"
    with pytest.raises(MoveRefused):
        moves.answer(case, APPROVER)


def test_the_answer_says_that_not_all_that_was_found_was_looked_at(common):
    case = executing(Outcome.DELETED, DELETE, frozenset(map(str, range(20))))
    with translation.override("en"):
        sentence = (
            "In 15 more places your name was found, and nobody has checked whether it is you."
        )
        (line,) = known_of(case, "deletion_answer", tuple(case.items.all()))["datasets"][0].items
    assert sentence in line


def test_where_nothing_is_theirs_the_answer_does_not_say_that_all_was_searched(common):
    case = executing(Outcome.DELETED, DELETE, frozenset(), "It is elsewhere.")
    with translation.override("en"):
        (line,) = known_of(case, "deletion_answer", tuple(case.items.all()))["datasets"][0].items
    assert "searched, but not all that was found has been looked at" in line
    assert "In 15 more places" in line


def test_no_receipt_by_hand_counts_while_names_in_the_newest_version_were_never_kept(
    common, monkeypatch
):
    case = executing(Outcome.DELETED, DELETE, frozenset("0"))
    manifest = manifest_for(common)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.LEFT
    monkeypatch.setattr(scanning, "WEAK_KEPT", 4)
    look_up()
    new = case.matches.filter(snapshot=manifest.result)
    assert set(new.values_list("verdict", flat=True)) == {"not_theirs"}  # carried over

    instruction = case.items.get().instructions.get()
    with pytest.raises(InvalidInput, match="re-scan"):
        record_receipt(instruction, STEWARD, "Nothing is left.")

    monkeypatch.setattr(scanning, "WEAK_KEPT", 20)
    nightly_pass()
    look_up()
    assert not case.places_not_kept.exists()
    with pytest.raises(InvalidInput, match="re-scan"):  # kept now, and judged by nobody
        record_receipt(instruction, STEWARD, "Nothing is left.")
    new.filter(verdict="").update(
        verdict=Match.Verdict.NOT_THEIRS, judged_by=REVIEWER.pseudonym, judged_at=timezone.now()
    )
    record_receipt(instruction, STEWARD, "Nothing is left.")
    assert case.items.get().executed


def test_in_plain_text_too_nothing_is_verified_while_names_were_never_kept(data, monkeypatch):
    monkeypatch.setattr(scanning, "WEAK_KEPT", 1)
    text = f"王小明，电话 13800001234\n\n{'x' * 40_000}\n\n{NAMED}\n\n{NAMED}\n"
    (data / "a.txt").write_text(text)
    notes = make_snapshot("a.txt", format="text", source_field="")
    case = in_review_with_proof(DELETE)
    look_up()
    for match in case.matches.all():
        strong = match.strength == Match.Strength.STRONG
        verdict = Match.Verdict.THEIRS if strong else Match.Verdict.NOT_THEIRS
        judge(case, REVIEWER, [match.pk], verdict)
    propose_and_approve(case, Outcome.DELETED)
    manifest = manifest_for(notes)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.left == [{"why": "not_kept", "expected": 0, "counted": 1}]


def test_who_is_corrected_may_stand_when_one_of_the_records_goes_for_another(data):
    both = "王小明住在上海，和李小红（13900005678）"
    rows = [{"id": "a", "text": both}, {"id": "b", "text": NAMED}]
    (data / "forum.jsonl").write_text(lines(rows))
    forum = make_snapshot("forum.jsonl", source_field="")
    executing(Outcome.CORRECTED, theirs={"a", "b"})
    li = replace(
        DELETE, subject_name="李小红", identifiers=(FiledIdentifier("phone", "+86 139 0000 5678"),)
    )
    executing(Outcome.DELETED, li)
    manifest = manifest_for(forum)
    assert manifest.instructions.count() == 2
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
