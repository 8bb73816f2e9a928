"""Work on corrections that never comes to an end: staff are told, and can go on."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.factories import REVIEWER, STEWARD
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.common.errors import Refused
from workflows.corpus.values import ReadProblem
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import enqueue_verification
from workflows.corrections.models import Manifest, Reingestion
from workflows.corrections.receipts import APPLY, CHECK, ask_to_apply, take_receipt
from workflows.corrections.redo_removal import find_reingested
from workflows.corrections.reingestion import AGAIN, enqueue_redo_removal, redo_in_progress
from workflows.corrections.tombstones import GUARD
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.datasets.register import mark_purged, mark_unreadable, reread_snapshot
from workflows.outbox.long_work import MAX_TURNS, advisory_lock
from workflows.outbox.models import Effect
from workflows.outbox.services import retry_dead_letter, run_effect
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


@pytest.fixture
def manifest(forum):
    executing(Outcome.CORRECTED)
    return manifest_for(forum)


@pytest.fixture
def applied(manifest):
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    manifest.refresh_from_db()
    return manifest


def after_the_last_turn(kind, subject):
    """Run the effect whose work was not done in all the turns that it had."""
    payload = {"id": str(subject), "turn": MAX_TURNS + 1, "about": "long"}
    effect, _new = Effect.objects.get_or_create(kind=kind, key=f"{kind}:late", payload=payload)
    run_effect(effect.pk)
    effect.refresh_from_db()
    return effect


@contextmanager
def at_work(kind, subject):
    """Another process holds the lock of this work."""
    begun, over = threading.Event(), threading.Event()

    def work():
        with advisory_lock(kind, str(subject)):
            begun.set()
            over.wait(30)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(30)
    try:
        yield
    finally:
        over.set()
        worker.join()


def test_a_manifest_that_never_is_applied_is_refused_and_another_can_be_made(manifest, forum):
    ask_to_apply(manifest, STEWARD)

    effect = after_the_last_turn(APPLY, manifest.pk)

    manifest.refresh_from_db()
    assert (effect.state, manifest.state) == (Effect.State.DONE, Manifest.State.REFUSED)
    assert "never came to an end" in manifest.receipts.get().remark
    again = manifest_for(forum)
    ask_to_apply(again, STEWARD)
    apply_locally(str(again.pk))
    verify_manifest(str(again.pk))
    again.refresh_from_db()
    assert again.state == Manifest.State.VERIFIED


def test_a_re_scan_that_never_ends_is_sent_back_and_can_be_asked_for_again(applied, sent):
    with pytest.raises(Refused):
        enqueue_verification(applied, STEWARD)

    after_the_last_turn(CHECK, applied.pk)

    applied.refresh_from_db()
    assert applied.state == Manifest.State.LEFT
    assert [place["why"] for place in applied.left] == ["gave_up"]
    with pytest.raises(Refused, match="stewards"):
        enqueue_verification(applied, REVIEWER)
    enqueue_verification(applied, STEWARD)
    applied.refresh_from_db()
    assert (applied.state, applied.left, applied.left_count) == (Manifest.State.APPLIED, [], 0)
    asked = Effect.objects.filter(kind=CHECK, payload__turn=1).order_by("created_at").last()
    run_effect(asked.pk)
    assert sent[-1] == ("corrections.check_manifest", str(applied.pk))
    verify_manifest(str(applied.pk))
    applied.refresh_from_db()
    assert applied.state == Manifest.State.VERIFIED


def test_a_snapshot_that_can_be_read_once_more_is_searched_again(applied):
    file = path_of(applied.result)
    hidden = file.rename(file.with_name("hidden"))
    verify_manifest(str(applied.pk))
    applied.refresh_from_db()
    assert [place["why"] for place in applied.left] == ["unreadable"]

    hidden.rename(file)
    reread_snapshot(applied.result, STEWARD)
    enqueue_verification(applied, STEWARD)
    verify_manifest(str(applied.pk))
    applied.refresh_from_db()
    assert applied.state == Manifest.State.VERIFIED


def test_what_was_searched_to_its_end_is_not_searched_again(manifest, data):
    (data / "2.jsonl").write_text(lines(FORUM))
    new = Snapshot(version="2", format="jsonl", location="2.jsonl")
    take_receipt(manifest, STEWARD, key="k", status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))
    with pytest.raises(Refused, match="searched"):
        enqueue_verification(manifest, STEWARD)


def test_while_another_manifest_is_under_way_there_is_no_other_search(applied, forum):
    mark_unreadable(applied.result, ReadProblem.GAVE_UP)
    after_the_last_turn(CHECK, applied.pk)
    manifest_for(forum)
    with pytest.raises(Refused, match="under way"):
        enqueue_verification(applied, STEWARD)


def test_what_is_still_at_work_is_not_given_up(applied, manifest):
    with at_work(CHECK, applied.pk):
        effect = after_the_last_turn(CHECK, applied.pk)
    applied.refresh_from_db()
    assert applied.state == Manifest.State.APPLIED
    assert (effect.state, effect.attempts) == (Effect.State.PENDING, 0)


def test_a_search_for_what_came_back_that_never_ends_is_a_failed_effect(forum, sent):
    effect = after_the_last_turn(GUARD, forum.pk)
    assert (effect.state, effect.last_error) == (Effect.State.PENDING, "LongWorkAbandoned")
    Effect.objects.filter(pk=effect.pk).update(state=Effect.State.DEAD)
    sent.clear()
    effect.refresh_from_db()

    retry_dead_letter(Effect.objects.filter(pk=effect.pk))
    run_effect(effect.pk)

    assert sent == [("corrections.guard_snapshot", str(forum.pk))]
    find_reingested(forum.pk)
    retry_dead_letter(Effect.objects.filter(pk=effect.pk))
    Effect.objects.filter(pk=effect.pk).update(due_at=effect.created_at)
    run_effect(effect.pk)
    effect.refresh_from_db()
    assert effect.state == Effect.State.DONE


def test_data_that_were_deleted_meanwhile_are_not_searched(forum, sent):
    path_of(forum).unlink()
    mark_purged(forum, STEWARD)
    assert after_the_last_turn(GUARD, forum.pk).state == Effect.State.DONE
    assert not sent


def test_taking_out_again_that_never_ends_says_so_and_can_be_asked_for_again(applied, data):
    verify_manifest(str(applied.pk))
    (data / "crawl.jsonl").write_text(lines(FORUM))
    crawl = make_snapshot("crawl.jsonl", applied.snapshot.dataset, version="9")
    find_reingested(crawl.pk)
    returned = Reingestion.objects.get()
    enqueue_redo_removal(returned, STEWARD)

    after_the_last_turn(AGAIN, returned.pk)

    returned.refresh_from_db()
    assert "never came to an end" in returned.remark
    assert not redo_in_progress(returned)
    enqueue_redo_removal(returned, STEWARD)
