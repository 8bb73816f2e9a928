"""From an approval to a changed snapshot: manifest, receipt, re-scan, and only then the outcome."""

import io
import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from tests.factories import (
    APPROVER,
    OFFICER,
    OTHER_OFFICER,
    REVIEWER,
    STEWARD,
    WANG,
    in_review_with_proof,
)
from tests.judging import judge_each
from tests.workflows.corrections.changing import (
    FORUM,
    executing,
    judge_all,
    look_up,
    manifest_for,
    propose_and_approve,
    run_due,
)
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.cases.errors import AttemptReused, MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.common.errors import InvalidInput, Refused
from workflows.corrections.instructions import record_receipt, why_no_manifest
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import MAKE, entries_of, sweep_manifests
from workflows.corrections.models import Instruction, Manifest, Reingestion, Tombstone
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.redo_removal import find_reingested
from workflows.corrections.withdrawal import stop_execution
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.datasets.register import mark_purged
from workflows.ledger.models import Event
from workflows.lookups.models import Match
from workflows.lookups.services import judge
from workflows.notices import moves
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.retention.erasure import erase, request_erasure
from workflows.vault.crypto import Shredded
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def forum(data):
    (data / "forum").mkdir()
    (data / "forum" / "a.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum")


def apply(manifest):
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    manifest.refresh_from_db()
    return manifest


def texts(snapshot):
    file = path_of(snapshot) / "a.jsonl"
    return {row["id"]: row["text"] for row in map(json.loads, file.read_text().splitlines())}


def names_of(case):
    events = Event.objects.filter(case=case.pseudonym).order_by("step")
    return list(events.values_list("name", flat=True))


def test_a_corrected_text_really_stands_in_the_new_snapshot(forum):
    case = executing(Outcome.CORRECTED)
    manifest = apply(manifest_for(forum))
    with pytest.raises(MoveRefused):
        moves.answer(case, APPROVER)

    verify_manifest(str(manifest.pk))

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED
    assert texts(manifest.result) == {
        "a": "王小明住在杭州，电话 13800001234", "b": FORUM[1]["text"], "c": "nothing here",
    }  # fmt: skip
    assert texts(forum)["a"] == FORUM[0]["text"]
    assert (manifest.result.parent, manifest.result.state) == (forum, "readable")
    assert case.items.get().executed
    moves.answer(case, APPROVER)
    names = names_of(case)
    assert [name for name in names if name.startswith(("manifest", "rescan", "instruction"))] == [
        "manifest.made", "manifest.receipt", "rescan.passed", "instruction.applied",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "after"),
    [
        (Outcome.DELETED, None),
        (Outcome.ANONYMISED, "[REDACTED]住在上海，电话 [REDACTED]"),
    ],
)
def test_what_was_judged_theirs_goes_and_the_namesake_stays(forum, outcome, after, delete_request):
    case = executing(outcome, delete_request)
    manifest = apply(manifest_for(forum))
    verify_manifest(str(manifest.pk))

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert texts(manifest.result).get("a") == after
    assert texts(manifest.result)["b"] == FORUM[1]["text"]
    assert all(item.executed for item in case.items.all())


@pytest.fixture
def delete_request():
    return replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))


@pytest.mark.parametrize("location", ["notes", "notes.txt"])
@pytest.mark.parametrize(
    ("outcome", "after"),
    [
        (Outcome.DELETED, "[REDACTED]\n\n另一个王小明也住在上海\n"),
        (Outcome.ANONYMISED, "[REDACTED]住在上海，\n电话 [REDACTED]\n\n另一个王小明也住在上海\n"),
    ],
)
def test_plain_text_is_changed_by_paragraph_or_by_word(
    data, delete_request, location, outcome, after
):
    text = "王小明住在上海，\n电话 13800001234\n\n另一个王小明也住在上海\n"
    (data / "notes").mkdir()
    for path in (data / "notes.txt", data / "notes" / "a.txt"):
        path.write_text(text)
    notes = make_snapshot(location, format="text", source_field="")
    case = in_review_with_proof(delete_request)
    look_up()
    first = [match for match in case.matches.all() if match.start < 20]
    assert len(first) == 2
    judge(case, REVIEWER, [match.pk for match in first], Match.Verdict.THEIRS)
    rest = case.matches.exclude(pk__in=[match.pk for match in first])
    judge_each(case, rest.values_list("pk", flat=True), Match.Verdict.NOT_THEIRS)
    propose_and_approve(case, outcome)

    manifest = apply(manifest_for(notes))
    verify_manifest(str(manifest.pk))

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    new = path_of(manifest.result)
    assert (new / "a.txt" if new.is_dir() else new).read_text() == after
    assert manifest.result.state == "readable"
    assert case.items.get().executed
    # Who registers the old document once more is told.
    (data / "again.txt").write_text(text)
    again = make_snapshot("again.txt", notes.dataset, version="9", format="text", source_field="")
    assert find_reingested(again.pk) == 1


def test_who_asks_for_a_correction_and_a_deletion_gets_both(data, delete_request):
    from dataclasses import replace

    records = [
        *FORUM,
        {"id": "d", "text": "王小明又发了一个帖子", "url": "https://forum.example/4"},
    ]
    (data / "forum").mkdir()
    (data / "forum" / "a.jsonl").write_text(lines(records))
    forum = make_snapshot("forum")
    both = replace(WANG, items=(*WANG.items, *delete_request.items))
    case = executing(
        {"correct": Outcome.CORRECTED, "delete": Outcome.DELETED}, both, frozenset("ad")
    )
    manifest = apply(manifest_for(forum))
    verify_manifest(str(manifest.pk))

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert texts(manifest.result) == {
        "a": "王小明住在杭州，电话 13800001234", "b": FORUM[1]["text"], "c": "nothing here",
    }  # fmt: skip
    assert all(item.executed for item in case.items.all())


def test_no_personal_text_stands_in_the_manifest_and_the_log(forum, delete_request):
    executing(Outcome.DELETED, delete_request)
    manifest = manifest_for(forum)
    assert "王小明" not in manifest.jsonl.decode()
    assert "王小明" not in str(pq.read_table(io.BytesIO(manifest.parquet)).to_pylist())
    facts = json.dumps([event.facts for event in Event.objects.all()], ensure_ascii=False)
    assert "王小明" not in facts


def test_the_re_scan_begins_when_the_new_snapshot_has_been_read(forum, delete_request, monkeypatch):
    executing(Outcome.DELETED, delete_request)
    manifest = apply(manifest_for(forum))
    drain()
    sent = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda _name, args, **_more: sent.append(tuple(args))
    )
    read_snapshot(manifest.result.pk)
    drain()
    assert ("corrections.check_manifest", str(manifest.pk)) in sent


def test_a_failed_rescan_sends_the_item_back_with_the_place_named(forum, data, delete_request):
    case = executing(Outcome.DELETED, delete_request)
    manifest = manifest_for(forum)
    (data / "claimed").mkdir()
    (data / "claimed" / "a.jsonl").write_text(lines(FORUM))
    new = Snapshot(version="2", format="jsonl", location="claimed")
    take_receipt(manifest, STEWARD, key="k", status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.LEFT
    assert {(place["why"], place["file"], place.get("id")) for place in manifest.left} == {
        ("unchanged", "a.jsonl", "a"), ("found", "a.jsonl", "a"), ("records", "a.jsonl", None),
    }  # fmt: skip
    assert "rescan.failed" in names_of(case)
    assert not case.items.get().executed
    (instruction,) = Instruction.objects.all()
    with pytest.raises(InvalidInput, match="re-scan"):
        record_receipt(instruction, STEWARD, "I am sure it was done.")

    # A new manifest is made for the snapshot that came out, and this time it is applied.
    look_up()
    again = apply(manifest_for(forum))
    assert again.snapshot == manifest.result
    verify_manifest(str(again.pk))
    again.refresh_from_db()
    assert again.state == Manifest.State.VERIFIED
    assert case.items.get().executed


def test_a_manifest_that_does_not_fit_is_refused_and_nothing_is_left_behind(forum, delete_request):
    executing(Outcome.DELETED, delete_request)
    manifest = manifest_for(forum)
    path = path_of(forum) / "a.jsonl"
    path.write_text(path.read_text().replace("13800001234", "13800009999"))
    before = {folder.name for folder in path_of(forum).parent.iterdir()}

    apply(manifest)

    assert manifest.state == Manifest.State.REFUSED
    assert "a.jsonl, row 0" in manifest.receipts.get().remark
    assert {folder.name for folder in path_of(forum).parent.iterdir()} == before


def test_a_namesake_who_was_judged_in_two_versions_may_stay_once(data, delete_request):
    """Else the person's own name could stay in the place of the second one."""
    text = "王小明住在上海，电话 13800001234。同名的王小明住在北京"
    for name in ("old", "new", "half"):
        (data / f"{name}.jsonl").write_text(lines([{"id": "a", "text": text}]))
    (data / "half.jsonl").write_text(lines([{"id": "a", "text": text.replace("13800001234", "…")}]))
    old = make_snapshot("old.jsonl", source_field="")
    new = make_snapshot("new.jsonl", old.dataset, version="2", parent=old, source_field="")
    case = in_review_with_proof(delete_request)
    look_up()
    for match in case.matches.all():
        verdict = Match.Verdict.NOT_THEIRS if match.start > 20 else Match.Verdict.THEIRS
        judge(case, REVIEWER, [match.pk], verdict)
    propose_and_approve(case, Outcome.ANONYMISED)
    manifest = build_manifest(new.pk)
    half = Snapshot(version="3", format="jsonl", location="half.jsonl")
    take_receipt(manifest, STEWARD, key="k", status="applied", snapshot=half)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.LEFT
    assert {(place["why"], place["kind"]) for place in manifest.left} == {("found", "name")}


def test_of_plain_text_too_what_was_judged_in_two_versions_may_stay_once(data, delete_request):
    for folder, before in (("old", ""), ("new", "x" * 40_000 + "\n\n")):
        (data / folder).mkdir()
        (data / folder / "a.txt").write_text("王小明，电话 13800001234\n")
        (data / folder / "b.txt").write_text(f"{before}本店电话 13800001234\n")
    old = make_snapshot("old", format="text", source_field="")
    new = make_snapshot("new", old.dataset, version="2", parent=old, format="text", source_field="")
    case = in_review_with_proof(delete_request)
    look_up()
    for match in case.matches.all():
        theirs = match.file == "a.txt"
        verdict = Match.Verdict.THEIRS if theirs else Match.Verdict.NOT_THEIRS
        judge(case, REVIEWER, [match.pk], verdict)
    propose_and_approve(case, Outcome.ANONYMISED)
    manifest = apply(build_manifest(new.pk))
    (path_of(manifest.result) / "c.txt").write_text("电话 13800001234\n")
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert [(place["why"], place["file"]) for place in manifest.left] == [("found", "c.txt")]


def test_a_manifest_that_leaves_no_record_is_refused_and_says_what_to_do(data, delete_request):
    (data / "one.jsonl").write_text(lines(FORUM[:1]))
    one = make_snapshot("one.jsonl")
    case = executing(Outcome.DELETED, delete_request)
    manifest = apply(manifest_for(one))
    assert manifest.state == Manifest.State.REFUSED
    assert "No record would be left" in manifest.receipts.get().remark
    assert [path.name for path in data.iterdir()] == ["one.jsonl"]

    path_of(one).unlink()
    mark_purged(one, STEWARD)
    record_receipt(case.items.get().instructions.get(), STEWARD, "The file was deleted.")
    assert case.items.get().executed


def test_a_second_case_waits_and_is_then_changed_in_what_came_out(forum, delete_request):
    executing(Outcome.DELETED, delete_request)
    first = manifest_for(forum)
    second_case = executing(Outcome.CORRECTED, theirs=frozenset("b"))
    assert build_manifest(forum.pk) is None

    verify_manifest(str(apply(first).pk))
    look_up()
    second = apply(manifest_for(forum))
    verify_manifest(str(second.pk))

    first.refresh_from_db()
    assert second.snapshot == first.result
    second.refresh_from_db()
    assert texts(second.result) == {"b": "另一个王小明也住在杭州", "c": "nothing here"}
    assert second_case.items.get().executed


def test_a_manifest_batches_cases(forum, delete_request):
    executing(Outcome.ANONYMISED, delete_request)
    executing(Outcome.ANONYMISED, delete_request, theirs=frozenset("b"))
    manifest = manifest_for(forum)
    assert (manifest.records, manifest.instructions.count()) == (2, 2)
    assert len({entry.case_pseudonym for entry in entries_of(manifest)}) == 2


def test_receipts_are_idempotent_and_only_for_stewards(forum, delete_request):
    executing(Outcome.DELETED, delete_request)
    manifest = manifest_for(forum)
    with pytest.raises(Refused):
        take_receipt(manifest, REVIEWER, key="k", status="refused")
    with pytest.raises(Refused, match="which snapshot"):
        take_receipt(manifest, STEWARD, key="k", status="applied")
    first = take_receipt(manifest, STEWARD, key="k", status="refused", remark="disk full")
    again = {"key": "k", "status": "refused", "remark": "disk full"}
    assert take_receipt(manifest, STEWARD, **again) == first
    with pytest.raises(AttemptReused):
        take_receipt(manifest, STEWARD, key="k", status="applied", snapshot=forum)
    with pytest.raises(Refused, match="already"):
        take_receipt(manifest, STEWARD, key="other", status="refused")


def test_without_a_match_the_receipt_by_hand_remains(forum):
    case = executing(Outcome.CORRECTED, theirs=frozenset(), explanation="It is elsewhere.")
    assert build_manifest(forum.pk) is None
    (instruction,) = Instruction.objects.all()
    assert "no record was judged" in why_no_manifest(instruction)
    record_receipt(instruction, STEWARD, "Corrected in the source system, looked at twice.")
    assert case.items.get().executed


def test_a_wrong_text_that_stands_nowhere_waits_for_people(forum, data):
    from dataclasses import replace

    from workflows.cases.filing_request import FiledItem

    details = {"claimed": "住在北京", "correct": "住在杭州"}
    executing(Outcome.CORRECTED, replace(WANG, items=(FiledItem("correct", details),)))
    assert build_manifest(forum.pk) is None
    assert not Manifest.objects.exists()
    assert "in none of the records" in why_no_manifest(Instruction.objects.get())
    assert sweep_manifests() == 1


def test_where_only_one_of_two_datasets_lacks_the_wording_nothing_is_said(forum, data):
    from dataclasses import replace

    from workflows.cases.filing_request import FiledItem

    (data / "other.jsonl").write_text(lines(FORUM))
    other = make_snapshot("other.jsonl", make_dataset("Other"))
    details = {"claimed": "住在北京", "correct": "住在杭州"}
    executing(Outcome.CORRECTED, replace(WANG, items=(FiledItem("correct", details),)))
    instruction = Instruction.objects.get()
    instruction.without_wording.set([forum])
    assert why_no_manifest(instruction) == ""
    assert build_manifest(other.pk) is None
    assert "in none of the records" in why_no_manifest(instruction)


def test_what_may_yet_be_in_a_manifest_is_not_said_to_be_in_none(forum):
    executing(Outcome.CORRECTED)
    assert why_no_manifest(Instruction.objects.get()) == ""
    assert build_manifest(forum.pk) is not None
    assert why_no_manifest(Instruction.objects.get()) == ""


def test_what_waits_is_asked_for_once_however_many_cases_and_versions_wait(forum):
    for _case in range(2):
        executing(Outcome.CORRECTED)
    make_snapshot("forum", forum.dataset, version="2", parent=forum)
    look_up()
    Effect.objects.all().delete()

    assert sweep_manifests() == 1

    assert Effect.objects.filter(kind=MAKE).count() == 1
    run_due("corrections")
    assert build_manifest(forum.pk).instructions.count() == 2


def test_what_comes_back_with_a_new_snapshot_is_an_event_even_after_the_erasure(
    forum, data, delete_request
):
    case = executing(Outcome.DELETED, delete_request)
    manifest = apply(manifest_for(forum))
    verify_manifest(str(manifest.pk))
    assert find_reingested(manifest.result.pk) == 0
    moves.answer(case, APPROVER)
    from workflows.cases.lifecycle import Action
    from workflows.cases.transition import advance

    advance(case, Action.CLOSE, REVIEWER)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)
    manifest.refresh_from_db()
    with pytest.raises(Shredded):
        entries_of(manifest)

    (data / "crawl.jsonl").write_text(lines(FORUM))
    crawl = make_snapshot("crawl.jsonl", forum.dataset, version="3")
    assert find_reingested(crawl.pk) == 1
    assert find_reingested(crawl.pk) == 1
    assert (Reingestion.objects.get().case, Reingestion.objects.get().records) == (case, 1)
    assert names_of(case).count("tombstone.returned") == 1
    assert Tombstone.objects.count() == 1


def test_a_new_look_up_finds_what_has_moved(forum, data, delete_request):
    case = executing(Outcome.DELETED, delete_request)
    path = path_of(forum) / "a.jsonl"
    path.write_text(path.read_text().replace("王小明住在上海，电话", "电话"))
    assert build_manifest(forum.pk) is None
    stop_execution(case, APPROVER, "The data have changed; look again.")
    look_up()
    judge_all(case, {"a"})
    propose_and_approve(case, Outcome.DELETED)
    assert manifest_for(forum).records == 1
