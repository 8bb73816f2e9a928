"""An export is made in the background, can be taken up again at any point, and does not stay."""

import hashlib
import os
import stat
import zlib
from datetime import timedelta

import pyrage
import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.exports import unpack
from tests.factories import OFFICER, OTHER_OFFICER, make_case
from workflows.cases.lifecycle import State
from workflows.common.errors import InvalidInput
from workflows.exports import bundle, jobs, making
from workflows.exports.files import Format, bundle_path, part_path, work_folder
from workflows.exports.jobs import purge_bundles, request_bundle
from workflows.exports.making import make_bundle
from workflows.exports.models import BundleJob
from workflows.ledger.models import Event
from workflows.ledger.selectors import latest_checkpoint
from workflows.ledger.sequencer import drain_inbox
from workflows.outbox import long_work
from workflows.outbox.models import Effect
from workflows.outbox.services import run_effect
from workflows.oversight.checkpoints import CheckpointRefused, keep_checkpoint
from workflows.oversight.filters import BundleFilters
from workflows.retention.erasure import erase, request_erasure

S = BundleJob.State


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def job(scope):
    make_case(State.ANSWERED)
    make_case(State.FILED)
    return request_bundle(scope, BundleFilters())


@pytest.fixture
def ready(job):
    return made(job)


def made(job):
    make_bundle(job.pk)
    job.refresh_from_db()
    return job


def lock_of(job):
    """Return the two numbers of the advisory lock that the maker of a job holds."""
    return [zlib.crc32(word.encode()) - (1 << 31) for word in (jobs.EFFECT, str(job.pk))]


def statements():
    return Event.objects.filter(name="bundle.exported").count()


# --- Asking -----------------------------------------------------------------------------------------
def test_asking_writes_the_job_and_its_effect_together(scope):
    with transaction.atomic():
        request_bundle(scope, BundleFilters())
        transaction.set_rollback(True)
    assert (BundleJob.objects.count(), Effect.objects.count()) == (0, 0)
    job = request_bundle(scope, BundleFilters(states=("closed",)), language="zh-hans")
    effect = Effect.objects.get()
    assert effect.payload == {"id": str(job.pk), "turn": 1, "about": str(job.pk)}
    assert (job.state, job.regime, job.language) == (S.WAITING, "CN", "zh-hans")
    assert BundleFilters.from_json(job.filters) == BundleFilters(states=("closed",))


def test_what_makes_no_sense_is_refused_at_once(scope, other_scope):
    case = make_case()
    drain_inbox()
    with pytest.raises(InvalidInput):
        request_bundle(scope, BundleFilters(states=("gone",)))
    with pytest.raises(InvalidInput):
        request_bundle(other_scope, BundleFilters(case=case.number))
    with pytest.raises(CheckpointRefused):
        request_bundle(scope, BundleFilters(), previous="hello")
    assert not BundleJob.objects.exists()


# --- Making -----------------------------------------------------------------------------------------
def test_a_made_export_verifies_and_the_job_says_what_it_is(ready, regulator, verify):
    content = bundle_path(ready).read_bytes()
    code, output = verify(content)
    assert code == 0, output
    assert (ready.state, ready.done) == (S.READY, ready.total)
    assert (ready.size, ready.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert ready.expires_at - ready.finished_at == timedelta(days=7)
    event = Event.objects.get(uid=ready.event)
    assert (event.role, event.actor) == ("regulator", regulator.user.staff_identity.pseudonym)
    assert event.facts["bundle"] == str(ready.pk)


def test_nobody_else_on_the_machine_can_read_it(ready):
    assert stat.S_IMODE(bundle_path(ready).stat().st_mode) == 0o600
    assert stat.S_IMODE(bundle_path(ready).parent.stat().st_mode) == 0o700


def test_only_the_file_stays(ready):
    assert list(bundle_path(ready).parent.iterdir()) == [bundle_path(ready)]


def test_making_it_again_does_nothing(ready):
    before = bundle_path(ready).stat()
    make_bundle(ready.pk)
    assert bundle_path(ready).stat() == before
    assert statements() == 1


def test_the_checkpoints_that_the_account_keeps_are_proved(scope, job):
    drain_inbox()
    kept = keep_checkpoint(scope, latest_checkpoint().note)
    make_case()
    files = unpack(bundle_path(made(job)).read_bytes())
    assert f"log/checkpoints/{kept.size}" in files


def test_a_job_that_somebody_else_is_making_is_left_alone(job, connect):
    connect().execute("SELECT pg_advisory_lock(%s, %s)", lock_of(job))
    assert made(job).state == S.WAITING


def test_a_job_whose_maker_was_killed_is_taken_up_again(job, connect):
    BundleJob.objects.filter(pk=job.pk).update(state=S.RUNNING)
    maker = connect()
    maker.execute("SELECT pg_advisory_lock(%s, %s)", lock_of(job))
    maker.close()
    # The server lets go of the lock when it notices; this waits for that.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", lock_of(job))
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock_of(job))
    assert made(job).state == S.READY


def _break_once(monkeypatch, name):
    """Let a function of the making raise the first time, as if the process had been killed."""
    function = getattr(making, name)
    calls = []

    def broken(*args, **kwargs):
        calls.append(name)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    monkeypatch.setattr(making, name, broken)


def test_killed_while_the_tables_are_written_it_begins_anew(job, monkeypatch, verify):
    _break_once(monkeypatch, "write_tables")
    with pytest.raises(KeyboardInterrupt):
        make_bundle(job.pk)
    job.refresh_from_db()
    assert (job.state, statements()) == (S.RUNNING, 0)
    assert verify(bundle_path(made(job)).read_bytes())[0] == 0
    assert statements() == 1


def test_killed_while_the_file_is_written_it_goes_on_from_the_tables(job, monkeypatch, verify):
    _break_once(monkeypatch, "write_bundle")
    with pytest.raises(KeyboardInterrupt):
        make_bundle(job.pk)
    assert statements() == 1
    event = Event.objects.get(name="bundle.exported")
    make_case()
    job = made(job)
    assert (job.state, job.event, statements()) == (S.READY, event.uid, 1)
    assert verify(bundle_path(job).read_bytes())[0] == 0


def test_tables_that_were_lost_or_changed_meanwhile_are_written_anew(job, monkeypatch, verify):
    _break_once(monkeypatch, "write_bundle")
    with pytest.raises(KeyboardInterrupt):
        make_bundle(job.pk)
    (work_folder(job) / "cases.csv").write_bytes(b"torn")
    assert verify(bundle_path(made(job)).read_bytes())[0] == 0
    assert statements() == 2


def test_forms_and_encryption_survive_a_killed_maker(scope, monkeypatch, verify):
    """The spreadsheet and the summary belong to the tables that the event commits to."""
    make_case(State.ANSWERED)
    key = pyrage.x25519.Identity.generate()
    job = request_bundle(scope, BundleFilters(), formats=Format, recipient=str(key.to_public()))
    _break_once(monkeypatch, "write_bundle")
    with pytest.raises(KeyboardInterrupt):
        make_bundle(job.pk)
    spreadsheet = (work_folder(job) / "cases.xlsx").read_bytes()
    content = bundle_path(made(job)).read_bytes()
    assert statements() == 1
    assert job.sha256 == hashlib.sha256(content).hexdigest()
    opened = pyrage.decrypt(content, [key])
    assert unpack(opened)["cases.xlsx"] == spreadsheet
    assert verify(opened)[0] == 0


def test_an_erasure_is_noticed_while_the_file_is_encrypted(scope, erasing, verify):
    case = make_case(State.CLOSED)
    key = pyrage.x25519.Identity.generate()
    job = request_bundle(scope, BundleFilters(), recipient=str(key.to_public()))
    erasing(case, bundle, "checkpoint_members")
    job = made(job)
    assert (job.state, statements()) == (S.READY, 2)
    opened = pyrage.decrypt(bundle_path(job).read_bytes(), [key])
    assert verify(opened)[0] == 0
    assert "王小明".encode() not in b"".join(unpack(opened).values())


def test_an_account_that_expired_gets_no_export(job, regulator):
    """Nor one that was meanwhile tied to another regime, for a scope is made anew."""
    regulator.expires_at = timezone.now()
    regulator.save()
    job = made(job)
    assert job.state == S.FAILED
    assert "expired" in job.error
    assert not bundle_path(job).exists()


# --- The effect -------------------------------------------------------------------------------------
@pytest.fixture
def sent(monkeypatch):
    """Return the tasks that were sent to the broker."""
    tasks = []
    send = lambda name, args, **_options: tasks.append((name, args))  # noqa: E731
    monkeypatch.setattr("celery.current_app.send_task", send)
    return tasks


def test_the_effect_sends_the_task_and_looks_again_until_the_export_is_finished(job, sent):
    first = Effect.objects.get(kind="exports.make_bundle")
    run_effect(first.pk)
    assert sent == [(long_work.TASK, ["exports.make_bundle", str(job.pk)])]
    second = Effect.objects.get(kind="exports.make_bundle", state="pending")
    assert second.payload["turn"] == 2
    assert second.due_at > timezone.now()
    made(job)
    Effect.objects.filter(pk=second.pk).update(due_at=timezone.now())
    run_effect(second.pk)
    assert len(sent) == 1
    assert not Effect.objects.filter(kind="exports.make_bundle", state="pending").exists()


def test_an_export_that_never_is_made_is_given_up(job, sent):
    effect = Effect.objects.get(kind="exports.make_bundle")
    effect.payload["turn"] = long_work.MAX_TURNS + 1
    effect.save()
    run_effect(effect.pk)
    job.refresh_from_db()
    assert (job.state, sent) == (S.FAILED, [])
    assert job.error.startswith("The export could not be made.")


def test_without_a_broker_the_effect_is_tried_again(job):
    effect = Effect.objects.get(kind="exports.make_bundle")
    run_effect(effect.pk)
    effect.refresh_from_db()
    assert (effect.state, effect.attempts) == ("pending", 1)


# --- Not staying ------------------------------------------------------------------------------------
def test_an_expired_export_is_deleted(ready):
    assert purge_bundles(ready.expires_at - timedelta(seconds=1)) == 0
    assert bundle_path(ready).exists()
    assert purge_bundles(ready.expires_at) == 1
    ready.refresh_from_db()
    assert ready.state == S.EXPIRED
    assert not bundle_path(ready).exists()


def test_old_files_that_belong_to_nothing_are_deleted(ready):
    stray = bundle_path(ready).with_name("stray.part")
    young = bundle_path(ready).with_name("young.part")
    folder = bundle_path(ready).with_name("stray.work")
    folder.mkdir()
    (folder / "contents.jsonl").write_bytes(b"secret")
    for path in (stray, young):
        path.write_bytes(b"secret")
    old = timezone.now().timestamp() - 2 * 24 * 3600
    for path in (stray, folder, bundle_path(ready)):
        os.utime(path, (old, old))
    purge_bundles()
    assert [path.exists() for path in (stray, folder, young)] == [False, False, True]
    assert bundle_path(ready).exists()


def erase_one(case):
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)


def test_an_erasure_deletes_the_exports_that_may_hold_the_case(
    ready, other_scope, django_capture_on_commit_callbacks
):
    elsewhere = made(request_bundle(other_scope, BundleFilters()))
    closed = make_case(State.CLOSED)
    with django_capture_on_commit_callbacks(execute=True):
        erase_one(closed)
    ready.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (ready.state, elsewhere.state) == (S.EXPIRED, S.READY)
    assert not bundle_path(ready).exists()
    assert bundle_path(elsewhere).exists()


@pytest.fixture
def erasing(monkeypatch, django_capture_on_commit_callbacks):
    """Let a case be erased, once, just before a function of the making is called."""

    def arrange(case, module, name):
        function = getattr(module, name)
        erased = []

        def erase_before(*args, **kwargs):
            if not erased:
                erased.append(case)
                with django_capture_on_commit_callbacks(execute=True):
                    erase_one(case)
            return function(*args, **kwargs)

        monkeypatch.setattr(module, name, erase_before)

    return arrange


def holds_nothing_personal(job, verify):
    content = bundle_path(job).read_bytes()
    assert verify(content)[0] == 0
    return "王小明".encode() not in b"".join(unpack(content).values())


def test_an_erasure_before_the_last_step_makes_the_export_anew(scope, erasing, verify):
    case = make_case(State.CLOSED)
    job = request_bundle(scope, BundleFilters())
    erasing(case, making.os, "fsync")
    job = made(job)
    assert (job.state, statements()) == (S.READY, 2)
    assert holds_nothing_personal(job, verify)
    assert not part_path(job).exists()


def test_an_erasure_that_takes_the_tables_away_lets_the_next_turn_begin_anew(
    scope, erasing, verify
):
    case = make_case(State.CLOSED)
    job = request_bundle(scope, BundleFilters())
    erasing(case, making, "write_bundle")
    with pytest.raises(FileNotFoundError):
        make_bundle(job.pk)
    job = made(job)
    assert (job.state, statements()) == (S.READY, 2)
    assert holds_nothing_personal(job, verify)


def test_a_finished_job_is_not_held_any_more(job):
    make_bundle(job.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND classid = (%s)::int::oid AND objid = (%s)::int::oid",
            lock_of(job),
        )
        assert cursor.fetchone() == (0,)
