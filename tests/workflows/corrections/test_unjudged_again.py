"""What was judged theirs and is not known again in a newer version may not stay unjudged."""

from dataclasses import replace

import pytest

from tests.factories import APPROVER, REVIEWER, STEWARD, WANG, in_review_with_proof
from tests.judging import judge_each
from tests.workflows.corrections.changing import look_up, manifest_for, propose_and_approve
from tests.workflows.corrections.test_renumbering import given, posts_of, verdicts
from tests.workflows.datasets.entries import make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Manifest
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.withdrawal import stop_execution
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.lookups import scanning
from workflows.lookups.models import Match
from workflows.lookups.services import judge
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
STRONG = "王小明，电话 13800001234"
POSTS = [
    {"id": 1, "text": "王小明在上海，电话 13800001234"},
    {"id": 2, "text": "王小明又来了"},
    {"id": 3, "text": STRONG},
    {"id": 4, "text": "王小明在北京"},
]


def executing(posts, theirs, others=(4,)):
    """Take a case to where the records named are to be deleted; the rest nobody has judged."""
    case = in_review_with_proof(DELETE)
    look_up()
    for verdict, wanted in [(Match.Verdict.THEIRS, theirs), (Match.Verdict.NOT_THEIRS, others)]:
        found = case.matches.filter(snapshot=posts).select_related("case__data_key")
        if chosen := [match.pk for match in found if match.record in wanted]:
            judge_each(case, chosen, verdict)
    return propose_and_approve(case, Outcome.DELETED, "The rest is looked at later.")


def applied(posts):
    """Apply the manifest that is made next, and return what its re-scan has left."""
    manifest = manifest_for(posts)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state in {Manifest.State.VERIFIED, Manifest.State.LEFT}
    return [(place["why"], place.get("id")) for place in manifest.left]


@pytest.mark.parametrize(
    ("forgotten", "id_"),
    [
        (POSTS[0]["text"].replace("，电话 13800001234", ""), 1),
        (POSTS[0]["text"].replace("，电话 13800001234", ""), 9),
        ("王小明又来了！", 2),
    ],
)
def test_what_a_pipeline_has_only_rewritten_is_left_unjudged(data, forgotten, id_):
    posts = posts_of(data, POSTS)
    case = executing(posts, {1, 2, 3})
    new = given(manifest_for(posts), [{"id": id_, "text": forgotten}, POSTS[2], POSTS[3]])
    assert verdicts(case, new) == {id_: "", 3: "theirs", 4: "not_theirs"}

    assert applied(posts) == [("unjudged", id_)]
    assert not case.items.get().executed


def test_what_nobody_had_judged_before_may_stay(data):
    posts = posts_of(data, POSTS)
    case = executing(posts, {1, 3})
    new = given(manifest_for(posts), POSTS[1:])
    assert verdicts(case, new) == {2: "", 3: "theirs", 4: "not_theirs"}

    assert applied(posts) == []
    assert case.items.get().executed


def test_what_was_found_later_may_stay_where_this_server_has_changed_all_that_was_theirs(
    data, monkeypatch
):
    monkeypatch.setattr(scanning, "WEAK_KEPT", 2)
    posts = posts_of(data, [{"id": n, "text": f"王小明又来了{n}"} for n in range(4)])
    case = executing(posts, {0, 1}, ())
    assert applied(posts) == [("unjudged", 2), ("unjudged", 3)]
    look_up()
    stop_execution(case, APPROVER, "More was found.")
    (later,) = [m.pk for m in case.matches.select_related("case__data_key") if m.record == 2]
    judge(case, REVIEWER, [later], Match.Verdict.THEIRS)
    propose_and_approve(case, Outcome.DELETED, "The last one is looked at later.")

    assert applied(posts) == []
    assert case.items.get().executed


def test_in_plain_text_too_what_was_only_rewritten_is_left_unjudged(data):
    (data / "notes").mkdir()
    texts = {"a.txt": "王小明在上海，电话 13800001234", "b.txt": STRONG}
    for name, text in texts.items():
        (data / "notes" / name).write_text(text)
    notes = make_snapshot("notes", format="text", source_field="")
    case = in_review_with_proof(DELETE)
    look_up()
    judge_each(case, [match.pk for match in case.matches.all()], Match.Verdict.THEIRS)
    propose_and_approve(case, Outcome.DELETED)
    manifest = manifest_for(notes)
    new = path_of(notes).with_name("2")
    new.mkdir()
    (new / "a.txt").write_text("王小明在上海")
    (new / "b.txt").write_text(STRONG)
    claimed = Snapshot(version="2", format="text", location="2")
    take_receipt(manifest, STEWARD, key="2", status="partly", snapshot=claimed)
    verify_manifest(str(manifest.pk))
    look_up()

    assert [why for why, _id in applied(notes)] == ["unjudged"]
