"""What was approved is carried out in the newest version, whatever has changed the data since."""

import json
from dataclasses import replace

import pytest

from tests.factories import APPROVER, REVIEWER, STEWARD, WANG, in_review_with_proof
from tests.requests_portal.staff.addresses import case_url
from tests.requests_portal.staff.conftest import english_pages, sign_in
from tests.workflows.corrections.changing import (
    executing,
    judge_all,
    look_up,
    manifest_for,
    propose_and_approve,
    run_due,
)
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.accounts.actors import PUBLIC
from workflows.cases.filing_request import FiledIdentifier, FiledItem
from workflows.cases.lifecycle import Action
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput, Refused
from workflows.corpus.entries import Edit, ManifestEntry, Op, Replacements
from workflows.corrections.carrying import (
    VersionStep,
    candidate_places,
    carry_verdicts,
    texts_after_manifest,
)
from workflows.corrections.instructions import record_receipt
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import Manifest
from workflows.corrections.places import TextPlace
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.withdrawal import stop_execution
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.ledger.models import Event
from workflows.lookups import scanning
from workflows.lookups.findings import findings_of
from workflows.lookups.models import LookupRun, Match, ShardScan
from workflows.lookups.services import judge, nightly_pass
from workflows.outbox.models import Effect
from workflows.vocabulary.outcomes import Outcome

__all__ = ["english_pages", "sign_in"]

PLACE = TextPlace("a", "text", "before", 10, 13, "name", "王小明")


def step(*edits, **more):
    return VersionStep({("a", "text", "before"): [("after", edits)] if edits else []}, **more)


@pytest.mark.parametrize(
    ("edits", "start"),
    [
        ([Edit(0, 3, "")], 7),
        ([Edit(0, 3, "[REDACTED]"), Edit(20, 22, "")], 17),
        ([Edit(7, 10, "x"), Edit(13, 14, "xyz")], 8),
        ([Edit(10, 10, "xx")], 12),
        ([Edit(12, 14, "")], None),
        ([Edit(0, 30, "x")], None),
    ],
)
def test_a_place_moves_by_what_was_changed_before_it(edits, start):
    found = {place.text_sha256: place for place in candidate_places(PLACE, step(*edits))}
    assert found.pop("before") == PLACE  # where it was not applied
    after = [PLACE._replace(text_sha256="after", start=start, end=start + 3)] if start else []
    assert list(found.values()) == after


def test_a_record_without_an_id_is_known_only_where_nothing_else_was_added():
    assert list(candidate_places(PLACE, VersionStep({}), has_own_id=False)) == []
    same = VersionStep({}, rest_is_same=True)
    assert list(candidate_places(PLACE, same, has_own_id=False)) == [PLACE]
    # Another one with the same text may be what is left of several.
    touched = step(rest_is_same=True)
    assert list(candidate_places(PLACE, touched, has_own_id=False)) == []


def test_what_a_manifest_made_of_a_text_is_read_from_its_entries():
    entry = ManifestEntry(Op.REDACT, id="a", file="f", start=0, end=2)
    one = replace(entry, sha256_before="b", sha256_after="c")
    gone = replace(entry, op=Op.DELETE, id="d", row=1, sha256_before="e", start=None, end=None)
    assert texts_after_manifest([one, replace(one, row=2), gone], Replacements({}, "…")) == {
        ("a", "text", "b"): [("c", [Edit(0, 2, "…")])],
        ("d", "text", "e"): [],
    }


db = pytest.mark.django_db
pytestmark = [pytest.mark.usefixtures("no_broker")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
LI = replace(
    DELETE,
    subject_name="李小红",
    identifiers=(FiledIdentifier("phone", "+86 139 0000 5678"),),
    email="xiaohong.li@example.cn",
)
BOTH = "王小明（电话 13800001234）和李小红（电话 13900005678）住在上海"
POSTS = [
    {"id": "a", "text": BOTH},
    {"id": "b", "text": "另一个王小明和另一个李小红"},
    {"id": "c", "text": "王小明，电话 13800001234"},
    {"id": "d", "text": "nothing here"},
]
CUT = "[REDACTED]"


@pytest.fixture
def posts(data):
    (data / "posts.jsonl").write_text(lines(POSTS))
    return make_snapshot("posts.jsonl", source_field="")


def applied(manifest):
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    return manifest


def given(manifest, records, name="2"):
    """Register what a pipeline says came out of a manifest, and have it re-scanned."""
    path = path_of(manifest.snapshot).with_name(f"{name}.jsonl")
    path.write_text(lines(records))
    new = Snapshot(version=name, format="jsonl", location=path.name)
    take_receipt(manifest, STEWARD, key=name, status="partly", snapshot=new)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    return manifest


def texts(snapshot):
    rows = map(json.loads, path_of(snapshot).read_text().splitlines())
    return {row["id"]: row["text"] for row in rows}


@db
def test_who_stands_in_the_same_record_is_taken_out_where_it_moved_to(posts):
    wang = executing(Outcome.ANONYMISED, DELETE, frozenset("ac"))
    first = manifest_for(posts)
    li = executing(Outcome.ANONYMISED, LI)
    applied(first)
    assert build_manifest(posts.pk) is None  # nobody has looked in the new version yet

    look_up()
    second = applied(manifest_for(posts))

    assert second.snapshot == first.result
    assert second.state == Manifest.State.VERIFIED, second.left
    assert texts(second.result) == {
        "a": f"{CUT}（电话 {CUT}）和{CUT}（电话 {CUT}）住在上海",
        "b": POSTS[1]["text"], "c": f"{CUT}，电话 {CUT}", "d": "nothing here",
    }  # fmt: skip
    assert wang.items.get().executed
    assert li.items.get().executed
    carried = Event.objects.get(case=li.pseudonym, name="match.carried")
    assert carried.facts == {"snapshot": first.result_id, "theirs": 2, "not_theirs": 1}


@db
def test_after_a_partial_receipt_another_manifest_is_made_for_the_rest(posts):
    case = executing(Outcome.DELETED, DELETE, frozenset("ac"))
    half = given(manifest_for(posts), [POSTS[1], POSTS[2], POSTS[3]])
    assert half.state == Manifest.State.LEFT

    look_up()
    rest = manifest_for(posts)

    assert {entry.id for entry in entries_of(rest)} == {"c"}
    assert applied(rest).state == Manifest.State.VERIFIED, rest.left
    assert set(texts(rest.result)) == {"b", "d"}
    assert case.items.get().executed


@db
def test_of_a_record_that_another_has_taken_out_nothing_is_left_to_do(posts):
    executing(Outcome.DELETED, DELETE, frozenset("ac"))
    first = manifest_for(posts)
    li = executing(Outcome.DELETED, LI)
    applied(first)
    look_up()

    assert build_manifest(posts.pk) is None
    instruction = li.items.get().instructions.get()
    record_receipt(instruction, STEWARD, "The record went with the request of another person.")
    assert li.items.get().executed


@db
def test_what_staff_have_taken_out_by_hand_after_a_partial_receipt_may_be_said(posts, data):
    case = executing(Outcome.DELETED, DELETE, frozenset("ac"))
    half = given(manifest_for(posts), POSTS[1:])
    instruction = case.items.get().instructions.get()
    look_up()
    with pytest.raises(InvalidInput, match="re-scan"):
        record_receipt(instruction, STEWARD, "It was taken out by hand.")

    (data / "3.jsonl").write_text(lines([POSTS[1], POSTS[3]]))
    make_snapshot("3.jsonl", posts.dataset, version="3", parent=half.result, source_field="")
    with pytest.raises(InvalidInput, match="re-scan"):  # nobody has looked there yet
        record_receipt(instruction, STEWARD, "It was taken out by hand.")
    look_up()

    assert build_manifest(posts.pk) is None
    record_receipt(instruction, STEWARD, "It was taken out by hand.")
    assert case.items.get().executed


@db
def test_what_a_pipeline_has_rewritten_or_added_waits_for_a_judgement(
    posts, data, sign_in, reviewer
):
    case = executing(Outcome.DELETED, DELETE, frozenset("ac"))
    new = [
        {"id": "a", "text": f"{BOTH}。"},
        *POSTS[1:],
        {"id": "e", "text": f"{POSTS[2]['text']}。"},
    ]
    (data / "2.jsonl").write_text(lines(new))
    second = make_snapshot("2.jsonl", posts.dataset, version="2", parent=posts, source_field="")
    assert LookupRun.objects.get(snapshot=second).reason == LookupRun.Reason.VERSION
    look_up()

    verdicts = {m.record: m.verdict for m in case.matches.filter(snapshot=second)}
    assert verdicts == {"a": "", "b": "not_theirs", "c": "theirs", "e": ""}
    assert {entry.id for entry in entries_of(manifest_for(posts))} == {"c"}
    page = sign_in(reviewer).get(case_url(case)).content.decode()
    assert "4 places in newer versions of the data wait for a judgement" in page
    with pytest.raises(Refused):
        judge_all(case, set("ace"))

    stop_execution(case, APPROVER, "The data have changed; there is more to judge.")
    judge_all(case, set("ace"))
    propose_and_approve(case, Outcome.DELETED)
    assert {entry.id for entry in entries_of(manifest_for(posts))} == {"a", "c", "e"}


@db
@pytest.mark.parametrize("by_pipeline", [True, False])
def test_a_record_without_an_id_is_carried_over_only_where_we_wrote_the_version(data, by_pipeline):
    (data / "posts.jsonl").write_text(lines([{"text": row["text"]} for row in POSTS]))
    posts = make_snapshot("posts.jsonl", source_field="", id_field="")
    approved_where_strong(DELETE)
    first = manifest_for(posts)
    li = approved_where_strong(LI)
    if by_pipeline:
        new = [BOTH.replace("王小明", CUT).replace("13800001234", CUT), POSTS[1]["text"]]
        given(first, [{"text": text} for text in [*new, f"{CUT}，电话 {CUT}", "nothing here"]])
    else:
        applied(first)

    look_up()

    carried = li.matches.filter(snapshot=first.result).values_list("verdict", flat=True)
    assert set(carried) == ({""} if by_pipeline else {"theirs", "not_theirs"})
    assert (build_manifest(posts.pk) is None) is by_pipeline


def approved_where_strong(request):
    case = in_review_with_proof(request)
    look_up()
    for match in case.matches.all():
        strong = match.strength == Match.Strength.STRONG
        verdict = Match.Verdict.THEIRS if strong else Match.Verdict.NOT_THEIRS
        judge(case, REVIEWER, [match.pk], verdict)
    return propose_and_approve(case, Outcome.ANONYMISED)


@db
@pytest.mark.parametrize("is_searched", [True, False])
def test_to_a_case_that_has_ended_meanwhile_nothing_is_carried(posts, data, is_searched):
    ended = in_review_with_proof(DELETE)
    look_up()
    judge_all(ended, set("ac"))
    (data / "2.jsonl").write_text(lines(POSTS))
    second = make_snapshot("2.jsonl", posts.dataset, version="2", parent=posts, source_field="")
    run_due("datasets", "lookups")
    waiting = ShardScan.objects.get(state=ShardScan.State.WAITING)
    scanning.clear_pass_cache()
    if is_searched:
        scanning.scan_shard(waiting.pk)
        advance(ended, Action.WITHDRAW, PUBLIC)
    else:
        scanning._searched_for(waiting.run_id)  # of another shard, before it ended
        advance(ended, Action.WITHDRAW, PUBLIC)
        scanning.scan_shard(waiting.pk)
        assert not Effect.objects.filter(kind=scanning.CARRY).exists()

    assert carry_verdicts(second.pk) == []
    assert set(ended.matches.filter(snapshot=second).values_list("verdict", flat=True)) == {""}
    assert not Event.objects.filter(case=ended.pseudonym, name="match.carried").exists()


@db
def test_the_newer_version_counts_as_searched(posts):
    case = executing(Outcome.DELETED, DELETE, frozenset("ac"))
    first = applied(manifest_for(posts))
    look_up()
    finding = next(f for f in findings_of(case) if f.snapshot == first.result)
    assert (finding.searched, finding.open, finding.found) == (True, 0, 0)


@db
def test_matches_from_before_know_their_record_after_another_look_up(posts):
    case = executing(Outcome.DELETED, DELETE, frozenset("ac"))
    for match in case.matches.select_related("case__data_key"):
        match.position = match.text_sha256 = None
        match.place_digest = match.pk.bytes
        match.save()
    before = set(case.matches.values_list("pk", "verdict"))
    nightly_pass()
    look_up()

    assert set(case.matches.values_list("pk", "verdict")) == before
    assert not case.matches.filter(text_sha256__isnull=True).exists()
    assert not case.matches.filter(position=None).exists()
