"""A version registered while a manifest is open: what was approved is carried out there, too."""

from dataclasses import replace

import pytest

from tests.factories import APPROVER, STEWARD, WANG
from tests.workflows.corrections.changing import (
    executing,
    judge_all,
    look_up,
    manifest_for,
    propose_and_approve,
)
from tests.workflows.corrections.test_renumbering import posts_of
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.corrections.answer_parts import changes_of
from workflows.corrections.carried_out import complete_verified
from workflows.corrections.lineage import newest_readable
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import entries_of, needs_manifest
from workflows.corrections.models import Manifest
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.withdrawal import stop_execution
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.datasets.register import mark_purged
from workflows.lookups.models import PlacesNotKept
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
POSTS = [
    {"id": "a", "text": "王小明住在上海，电话 13800001234"},
    {"id": "b", "text": "另一个王小明也住在上海"},
    {"id": "c", "text": "nothing here"},
]
MORE = {"id": "d", "text": "more of it"}


@pytest.fixture
def posts(data):
    return posts_of(data, POSTS)


def version(data, older, records, number="2"):
    """Register a version that others have made of an older one."""
    (data / f"{number}.jsonl").write_text(lines(records))
    return make_snapshot(
        f"{number}.jsonl", older.dataset, version=number, parent=older, source_field=""
    )


def applied(manifest):
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    return manifest


def ids(snapshot):
    import json

    return [json.loads(line)["id"] for line in path_of(snapshot).read_text().splitlines()]


def test_after_the_open_manifest_another_is_made_for_the_version_of_others(posts, data):
    case = executing(Outcome.DELETED, DELETE)
    first = manifest_for(posts)
    later = version(data, posts, [*POSTS, MORE])
    look_up()
    assert not needs_manifest(posts.pk)

    applied(first)
    assert not case.items.get().executed
    look_up()
    second = applied(manifest_for(posts))

    assert second.snapshot == later
    assert (ids(first.result), ids(second.result)) == (["b", "c"], ["b", "c", "d"])
    assert case.items.get().executed
    assert build_manifest(posts.pk) is None


def test_where_the_open_manifest_is_refused_it_is_made_for_the_newest(posts, data):
    case = executing(Outcome.DELETED, DELETE)
    first = manifest_for(posts)
    later = version(data, posts, [*POSTS, MORE])
    look_up()
    take_receipt(first, STEWARD, key="k", status="refused", remark="Version 2 is in use.")

    second = applied(manifest_for(posts))

    assert second.snapshot == later
    assert case.items.get().executed


def test_a_version_in_which_nobody_has_judged_what_was_theirs_holds_the_item_up(posts, data):
    case = executing(Outcome.DELETED, DELETE)
    first = manifest_for(posts)
    rewritten = {"id": "a", "text": POSTS[0]["text"] + "。"}
    version(data, posts, [rewritten, *POSTS[1:]])
    look_up()
    applied(first)
    look_up()
    assert complete_verified() == 0
    assert not case.items.get().executed
    assert build_manifest(posts.pk) is None

    stop_execution(case, APPROVER, "There is more to judge.")
    judge_all(case, {"a"})
    propose_and_approve(case, Outcome.DELETED)
    applied(manifest_for(posts))
    assert case.items.get().executed


def test_an_item_is_carried_out_when_the_last_version_proves_clean(posts, data):
    case = executing(Outcome.DELETED, DELETE)
    first = manifest_for(posts)
    version(data, posts, [*POSTS[1:], MORE])
    applied(first)
    # Nobody has been looked up in the version of others yet.
    assert complete_verified() == 0
    assert not case.items.get().executed

    look_up()
    assert complete_verified() == 1
    assert case.items.get().executed
    assert complete_verified() == 0


def test_a_version_of_which_not_all_places_were_kept_holds_the_item_up(posts, data):
    case = executing(Outcome.DELETED, DELETE)
    first = manifest_for(posts)
    later = version(data, posts, [*POSTS[1:], MORE])
    look_up()
    not_kept = PlacesNotKept(case=case, snapshot=later, number=0, counted=201, kept=200)
    not_kept.save()
    applied(first)
    assert complete_verified() == 0
    assert not case.items.get().executed

    not_kept.delete()
    assert complete_verified() == 1


def test_a_version_that_exists_no_more_holds_nothing_up(posts, data):
    case = executing(Outcome.DELETED, DELETE)
    first = manifest_for(posts)
    later = version(data, posts, [*POSTS, MORE])
    look_up()
    applied(first)
    mark_purged(later, STEWARD)
    assert complete_verified() == 1
    assert case.items.get().executed


def test_what_was_made_beside_a_change_did_not_come_out_of_it(posts, data):
    beside = version(data, posts, [*POSTS, MORE], "beside")
    second = version(data, posts, POSTS)
    case = executing(Outcome.DELETED, DELETE)
    third = version(data, second, POSTS, "3")
    look_up()
    first, other = manifest_for(posts), None
    assert first.snapshot == newest_readable([third])
    applied(first)
    look_up()
    other = applied(manifest_for(posts))
    assert other.snapshot == beside

    changes = changes_of(case)
    assert changes[third.pk].manifests == (first,)
    assert changes[third.pk].came_out == {first.result_id}
    assert changes[beside.pk].manifests == (other,)
    assert changes[beside.pk].came_out == {other.result_id}
    assert case.items.get().executed


def test_what_was_judged_beside_a_version_does_not_say_what_may_stay_in_it(posts, data):
    others = {"id": "e", "text": "王小明，电话 13800001234"}
    second = version(data, posts, POSTS)
    beside = version(data, posts, [*POSTS, others], "beside")
    executing(Outcome.DELETED, DELETE)
    ours = manifest_for(posts)
    assert ours.snapshot == beside
    applied(ours)
    look_up()
    manifest = manifest_for(posts)
    assert manifest.snapshot == second
    assert {entry.id for entry in entries_of(manifest)} == {"a"}
    path_of(second).unlink()
    (data / "3.jsonl").write_text(lines([POSTS[1], others]))
    new = Snapshot(version="3", format="jsonl", location="3.jsonl")
    take_receipt(manifest, STEWARD, key="3", status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))

    manifest.refresh_from_db()
    assert [(place["why"], place["id"]) for place in manifest.left] == [("found", "e")] * 2
