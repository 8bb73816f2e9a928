"""Celery entries: each calls its service, can be repeated, and logs nothing personal."""

import logging
from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from requests_portal.celery import app
from tests.factories import ERIKA, file, make_case
from workflows import tasks
from workflows.cases.drafts import DRAFT_KEPT_FOR, create_draft
from workflows.cases.lifecycle import State
from workflows.cases.models import Clock, Draft
from workflows.lookups.models import LookupRun
from workflows.outbox import queues
from workflows.outbox.models import Effect
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db

OURS = {name for name in app.tasks if name.startswith("workflows.")}


def test_each_entry_of_the_timetable_is_a_task():
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled <= OURS
    assert current_app.main == app.main


def test_what_takes_long_has_a_queue_of_its_own():
    long = {name for name in OURS if app.tasks[name].time_limit == settings.LONG_TASK_TIME_LIMIT}
    apart = {name for name in OURS if app.amqp.router.route({}, name)["queue"].name == queues.DATA}

    assert long
    assert long < apart
    assert "workflows.tasks.run_effect" not in apart
    assert set(settings.CELERY_TASK_ROUTES) == apart


def test_effects_run_by_their_id_and_once(mailoutbox):
    file(ERIKA)
    for kind in ("identity.confirm_contact", "mail.confirm_contact"):
        effect = Effect.objects.get(kind=kind)

        for _again in range(3):
            tasks.run_effect(str(effect.pk))

        effect.refresh_from_db()
        assert effect.state == Effect.State.DONE
    assert len(mailoutbox) == 1


def test_the_sweep_of_clocks_marks_what_is_late():
    case = file(ERIKA, at=timezone.now() - timedelta(days=50)).case

    tasks.sweep_clocks()
    tasks.sweep_clocks()

    assert case.clocks.get().state == Clock.State.MISSED


def test_the_sweep_of_challenges_lets_go_and_reminds():
    old, young = file(ERIKA).case, file(ERIKA).case
    drain()
    for case, days in ((old, 31), (young, 3)):
        case.contact_challenges.update(sent_at=timezone.now() - timedelta(days=days))

    tasks.sweep_challenges()

    old.refresh_from_db()
    assert old.state == State.EXPIRED
    assert Effect.objects.filter(key=f"identity.confirm_contact.again:{young.pk}").exists()


def test_the_purge_forgets_old_drafts():
    create_draft()
    Draft.objects.update(changed_at=timezone.now() - DRAFT_KEPT_FOR * 2)

    tasks.purge()

    assert not Draft.objects.exists()


def test_a_purge_that_fails_stops_no_other(monkeypatch, tmp_path, caplog):
    monkeypatch.setitem(tasks._PURGES, "files", lambda: len(list((tmp_path / "none").iterdir())))
    LookupRun.objects.create(
        reason=LookupRun.Reason.NIGHTLY, finished_at=timezone.now() - timedelta(days=91)
    )

    tasks.purge()

    assert not LookupRun.objects.exists()
    assert "The purge of files: FileNotFoundError" in caplog.text


def test_nothing_personal_is_logged(caplog, mailoutbox):
    caplog.set_level(logging.DEBUG)
    make_case(State.INFORMATION_NEEDED, ERIKA, at=timezone.now() - timedelta(days=50))

    for effect in Effect.objects.all():
        tasks.run_effect(str(effect.pk))
    tasks.sweep_clocks()
    tasks.sweep_challenges()
    tasks.purge()

    for secret in ("Erika", "erika", "Which account", "forum"):
        assert secret not in caplog.text


def test_work_on_a_whole_snapshot_has_a_time_limit_of_its_own():
    long = {name for name in OURS if app.tasks[name].time_limit == settings.LONG_TASK_TIME_LIMIT}

    assert {name.rpartition(".")[2] for name in long} == {
        "read_snapshot", "make_manifest", "apply_manifest", "check_manifest",
        "guard_snapshot", "take_out_again",
    }  # fmt: skip
    assert {app.tasks[name].time_limit for name in OURS - long} == {settings.CELERY_TASK_TIME_LIMIT}


def test_arguments_of_tasks_are_ids():
    for name in OURS:
        task = app.tasks[name]
        arguments = task.run.__code__.co_varnames[: task.run.__code__.co_argcount]
        assert all(argument.endswith("_id") for argument in arguments), name
