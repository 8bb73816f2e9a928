"""What is registered while a change is under way is guarded, too: no crawl slips in between."""

from dataclasses import replace

import pytest

from tests.factories import STEWARD, WANG
from tests.workflows.corrections.changing import FORUM, executing, manifest_for, run_due
from tests.workflows.corrections.test_giving_up import at_work
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import GuardedSnapshot, Manifest, Reingestion
from workflows.corrections.receipts import ask_to_apply
from workflows.corrections.redo_removal import find_reingested
from workflows.corrections.tombstones import GUARD
from workflows.outbox.models import Effect
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


@pytest.fixture
def approved(forum):
    """A manifest that waits, and a crawl that was registered and guarded after the approval."""
    executing(Outcome.DELETED, DELETE)
    return manifest_for(forum)


def crawl_of(data, forum):
    again = [{"id": f"new-{row['id']}", "text": row["text"]} for row in FORUM]
    (data / "crawl.jsonl").write_text(lines(again))
    return make_snapshot("crawl.jsonl", forum.dataset, version="crawl", source_field="")


def verify(manifest):
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED


def guard_tasks(sent):
    return {int(task[1]) for task in sent if task[0].endswith("guard_snapshot")}


def test_a_crawl_that_came_between_approval_and_proof_is_guarded_again(approved, forum, data, sent):
    crawl = crawl_of(data, forum)
    run_due("corrections")
    assert find_reingested(crawl.pk) == 0
    run_due("corrections")
    sent.clear()

    verify(approved)
    run_due("corrections")

    assert crawl.pk in guard_tasks(sent)
    # What was changed holds the texts until it is purged.
    assert forum.pk not in guard_tasks(sent)
    assert find_reingested(crawl.pk) == 1
    assert Reingestion.objects.get().snapshot == crawl


def test_what_was_looked_up_and_judged_is_not_guarded_again(data, forum, sent):
    crawl = crawl_of(data, forum)
    executing(Outcome.DELETED, DELETE)
    run_due("corrections")
    find_reingested(crawl.pk)
    run_due("corrections")
    sent.clear()

    verify(manifest_for(forum))
    run_due("corrections")

    assert crawl.pk not in guard_tasks(sent)


def test_a_search_that_began_before_the_proof_does_not_count(approved, forum, data, sent):
    crawl = crawl_of(data, forum)
    with at_work(GUARD, crawl.pk):
        verify(approved)
        run_due("corrections")
        GuardedSnapshot.objects.get_or_create(snapshot=crawl)
        assert crawl.pk not in guard_tasks(sent)
    waiting = Effect.objects.filter(kind=GUARD, payload__id=str(crawl.pk))
    waiting.update(due_at=approved.made_at)
    run_due("corrections")
    assert crawl.pk in guard_tasks(sent)
    assert not GuardedSnapshot.objects.filter(snapshot=crawl).exists()
