"""Celery entries: each calls its service, can be repeated, and logs nothing personal."""

import inspect
import logging
from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from requests_portal.celery import app
from tests.factories import ERIKA, file, make_case
from workflows.cases.drafts import DRAFT_KEPT_FOR, create_draft
from workflows.cases.lifecycle import State
from workflows.cases.models import Clock, Draft
from workflows.lookups.models import LookupRun
from workflows.outbox import long_work, periodic, queues, tasks
from workflows.outbox.handlers import UnknownKindError
from workflows.outbox.models import Effect
from workflows.outbox.services import drain, effect_handler, enqueue

pytestmark = pytest.mark.django_db

OURS = {name for name in app.tasks if name.startswith("workflows.")}
LONG = long_work.kinds_of_long_work()


def test_each_entry_of_the_timetable_is_a_task():
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled <= OURS
    assert current_app.main == app.main


def test_there_are_three_tasks_and_the_canary():
    assert {name.rpartition(".")[2] for name in OURS} == {
        "run_effects", "run_long_work", "run_periodic", "canary",
    }  # fmt: skip
    assert {long_work.TASK, periodic.TASK} < OURS


def test_what_takes_long_has_a_queue_of_its_own():
    assert {work.queue for work in LONG.values()} == {queues.DATA}
    assert app.amqp.router.route({}, "workflows.outbox.tasks.run_effects")["queue"].name == (
        queues.DEFAULT
    )


def test_effects_run_by_their_id_and_once(mailoutbox):
    file(ERIKA)
    for kind in ("identity.confirm_contact", "mail.confirm_contact"):
        effect = Effect.objects.get(kind=kind)

        for _again in range(3):
            tasks.run_effects(str(effect.pk))

        effect.refresh_from_db()
        assert effect.state == Effect.State.DONE
    assert len(mailoutbox) == 1


def test_the_effects_of_a_message_run_in_turn_each_by_itself(handlers):
    ran = []

    def note(effect):
        ran.append(effect.kind)
        if effect.kind == "broken":
            raise ValueError

    kinds = ["first", "broken", "last"]
    for kind in kinds:
        effect_handler(kind)(note)
    effects = [enqueue(kind, key=kind, payload={}) for kind in kinds]

    tasks.run_effects(*(str(effect.pk) for effect in effects))

    assert ran == kinds
    states = dict(Effect.objects.values_list("kind", "state"))
    assert states == {"first": "done", "broken": "pending", "last": "done"}


def test_a_worker_that_dies_costs_what_it_had_not_begun_no_attempt(handlers):
    def die(_effect):
        raise SystemExit

    effect_handler("deadly")(die)
    effect_handler("after it")(lambda _: None)
    kinds = ("deadly", "after it")
    message = [str(enqueue(kind, key=kind, payload={}).pk) for kind in kinds]

    with pytest.raises(SystemExit):
        tasks.run_effects(*message)
    assert dict(Effect.objects.values_list("kind", "attempts")) == {"deadly": 1, "after it": 0}

    # The broker hands the message out again.
    tasks.run_effects(*message)
    assert set(Effect.objects.values_list("kind", "attempts", "state")) == {
        ("deadly", 1, "pending"),
        ("after it", 1, "done"),
    }


def test_long_work_that_nobody_knows_is_refused():
    with pytest.raises(UnknownKindError):
        tasks.run_long_work("os.remove", "1")


def test_the_sweep_of_clocks_marks_what_is_late():
    case = file(ERIKA, at=timezone.now() - timedelta(days=50)).case

    tasks.run_periodic("sweep-clocks")
    tasks.run_periodic("sweep-clocks")

    assert case.clocks.get().state == Clock.State.MISSED


def test_the_sweep_of_challenges_lets_go_and_reminds():
    old, young = file(ERIKA).case, file(ERIKA).case
    drain()
    for case, days in ((old, 31), (young, 3)):
        case.contact_challenges.update(sent_at=timezone.now() - timedelta(days=days))

    tasks.run_periodic("sweep-challenges")

    old.refresh_from_db()
    assert old.state == State.EXPIRED
    assert Effect.objects.filter(key=f"identity.confirm_contact.again:{young.pk}").exists()


def test_the_purge_forgets_old_drafts(caplog):
    caplog.set_level(logging.INFO)
    create_draft()
    Draft.objects.update(changed_at=timezone.now() - DRAFT_KEPT_FOR * 2)

    tasks.run_periodic("purge")

    assert not Draft.objects.exists()
    assert "purge: 1 drafts" in caplog.text


def test_everything_that_is_kept_for_a_while_is_purged():
    assert set(periodic.turns()["purge"]) == {
        "sessions", "drafts", "files of drafts", "proofs of work", "idempotency keys", "exports",
        "tallies", "effects", "checkpoints", "files", "look-ups", "wrong passwords",
        "cache entries", "subtotals",
    }  # fmt: skip


def test_a_purge_that_fails_stops_no_other(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(
        "workflows.vault.files.sweep_orphans", lambda: len(list((tmp_path / "none").iterdir()))
    )
    LookupRun.objects.create(
        reason=LookupRun.Reason.NIGHTLY, finished_at=timezone.now() - timedelta(days=91)
    )

    tasks.run_periodic("purge")

    assert not LookupRun.objects.exists()
    assert "purge, files: FileNotFoundError" in caplog.text


def test_a_turn_that_nobody_knows_is_refused():
    with pytest.raises(UnknownKindError):
        tasks.run_periodic("purge-all")


def test_nothing_personal_is_logged(caplog, mailoutbox):
    caplog.set_level(logging.DEBUG)
    make_case(State.INFORMATION_NEEDED, ERIKA, at=timezone.now() - timedelta(days=50))

    for effect in Effect.objects.all():
        tasks.run_effects(str(effect.pk))
    for turn in ("sweep-clocks", "sweep-challenges", "purge"):
        tasks.run_periodic(turn)

    for secret in ("Erika", "erika", "Which account", "forum"):
        assert secret not in caplog.text


def test_work_on_a_whole_snapshot_has_a_time_limit_of_its_own():
    assert {kind for kind, work in LONG.items() if work.begins_anew} == {
        "datasets.read_snapshot", "corrections.make_manifest", "corrections.apply_manifest",
        "corrections.check_manifest", "corrections.guard_snapshot", "corrections.take_out_again",
    }  # fmt: skip
    assert {app.tasks[name].time_limit for name in OURS} == {settings.CELERY_TASK_TIME_LIMIT}


@pytest.mark.parametrize("kind", sorted(LONG))
def test_the_message_bears_queue_and_time_limit(kind, monkeypatch):
    sent = []
    monkeypatch.setattr("celery.current_app.send_task", lambda *args, **more: sent.append(more))
    work = LONG[kind]

    work._send("7")

    (message,) = sent
    limit = settings.LONG_TASK_TIME_LIMIT if work.begins_anew else None
    assert message["args"] == [kind, "7"]
    assert (message["queue"], message["time_limit"]) == (queues.DATA, limit)


def test_arguments_of_tasks_are_ids_and_names():
    for name in OURS:
        task = app.tasks[name]
        arguments = inspect.signature(task.run).parameters
        ids = [argument for argument in arguments if argument not in {"kind", "turn"}]
        assert all(argument.endswith(("_id", "_ids")) for argument in ids), name
