"""Effects: written once, run until they are done, given up after twelve attempts."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from tests.database_time import database_now, let_pass
from workflows.outbox import running
from workflows.outbox.handlers import LONGEST_DELAY, MAX_ATTEMPTS
from workflows.outbox.models import Effect
from workflows.outbox.services import (
    RetryAt,
    delay_after,
    drain,
    effect_handler,
    enqueue,
    retry_dead_letter,
    run_effect,
)

Handlers = dict[str, object]


def fail(effect: Effect) -> None:
    raise ConnectionError("zhang.wei@example.org does not answer")


def die(effect: Effect) -> None:
    """What the code sees of a worker that is killed: nothing after the handler runs."""
    raise SystemExit


@pytest.mark.django_db
def test_an_effect_is_written_once_for_each_key() -> None:
    first = enqueue("mail.receipt", key="receipt:1", payload={"case": "1"})
    again = enqueue("mail.receipt", key="receipt:1", payload={"case": "1"})

    assert first.pk == again.pk
    assert Effect.objects.count() == 1
    assert (first.state, first.attempts) == (Effect.State.PENDING, 0)


@pytest.mark.django_db
def test_enqueueing_takes_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        enqueue("mail.receipt", key="receipt:1", payload={"case": "1"})


@pytest.mark.django_db
def test_a_payload_has_room_for_ids_only() -> None:
    with pytest.raises(ValueError, match="ids only"):
        enqueue("mail.receipt", key="receipt:1", payload={"text": "x" * 101})


@pytest.mark.django_db
def test_an_effect_of_a_transaction_that_failed_does_not_exist() -> None:
    with transaction.atomic():
        enqueue("mail.receipt", key="receipt:1", payload={})
        transaction.set_rollback(True)

    assert not Effect.objects.exists()


def test_a_kind_has_one_handler(handlers: Handlers) -> None:
    effect_handler("mail.receipt")(fail)
    effect_handler("mail.receipt")(fail)

    with pytest.raises(ValueError, match="has a handler already"):
        effect_handler("mail.receipt")(die)


@pytest.mark.django_db
def test_a_handler_runs_once_however_often_its_id_arrives(handlers: Handlers) -> None:
    seen: list[Any] = []
    effect_handler("note")(lambda effect: seen.append(effect.payload["case"]))
    effect = enqueue("note", key="note:1", payload={"case": "7"})

    for _ in range(3):
        run_effect(str(effect.pk))

    effect.refresh_from_db()
    assert seen == ["7"]
    assert (effect.state, effect.attempts) == (Effect.State.DONE, 1)


@pytest.mark.django_db
def test_an_unknown_id_is_no_error(handlers: Handlers) -> None:
    run_effect(uuid4())


@pytest.mark.django_db
def test_an_effect_waits_for_its_time(handlers: Handlers) -> None:
    effect_handler("note")(lambda _: None)
    effect = enqueue("note", key="n", payload={}, delay=timedelta(days=1))
    run_effect(effect.pk)
    effect.refresh_from_db()
    assert (effect.state, effect.attempts) == (Effect.State.PENDING, 0)

    let_pass(timedelta(days=1))
    run_effect(effect.pk)

    effect.refresh_from_db()
    assert effect.state == Effect.State.DONE


@pytest.mark.django_db
def test_a_failure_undoes_the_work_and_is_tried_later(
    handlers: Handlers, caplog: pytest.LogCaptureFixture
) -> None:
    @effect_handler("note")
    def work_and_fail(effect: Effect) -> None:
        enqueue("other", key="left over", payload={})
        fail(effect)

    with caplog.at_level(logging.WARNING):
        effect = enqueue("note", key="note:1", payload={})
        run_effect(effect.pk)
        run_effect(effect.pk)

    effect.refresh_from_db()
    assert (effect.state, effect.attempts) == (Effect.State.PENDING, 1)
    assert timedelta(seconds=4) < effect.due_at - database_now() <= timedelta(seconds=5)
    assert not Effect.objects.filter(key="left over").exists()
    assert effect.last_error == "ConnectionError"
    assert "zhang.wei" not in caplog.text


@pytest.mark.django_db
def test_an_effect_without_a_handler_waits_for_one(handlers: Handlers) -> None:
    effect = enqueue("unheard of", key="note:1", payload={})

    run_effect(effect.pk)

    effect.refresh_from_db()
    assert (effect.state, effect.last_error) == (Effect.State.PENDING, "UnknownKindError")


@pytest.mark.django_db
def test_a_handler_that_always_fails_ends_as_a_dead_letter(handlers: Handlers) -> None:
    effect_handler("note")(fail)
    effect = enqueue("note", key="note:1", payload={})
    for _ in range(MAX_ATTEMPTS + 3):
        run_effect(effect.pk)
        let_pass(LONGEST_DELAY)

    effect.refresh_from_db()
    assert (effect.state, effect.attempts) == (Effect.State.DEAD, MAX_ATTEMPTS)
    assert effect.last_error == "ConnectionError"


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_kills_its_worker_ends_as_a_dead_letter(handlers: Handlers) -> None:
    calls: list[Effect] = []

    @effect_handler("note")
    def kill(effect: Effect) -> None:
        calls.append(effect)
        die(effect)

    effect = enqueue("note", key="note:1", payload={})
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SystemExit):
            run_effect(effect.pk)
        let_pass(LONGEST_DELAY)
    run_effect(effect.pk)
    run_effect(effect.pk)

    effect.refresh_from_db()
    assert len(calls) == MAX_ATTEMPTS
    assert (effect.state, effect.last_error) == (Effect.State.DEAD, "WorkerLost")


@pytest.mark.django_db
def test_work_that_is_only_too_early_waits_without_counting(handlers: Handlers) -> None:
    until = database_now() + timedelta(hours=3)

    @effect_handler("early")
    def early(effect: Effect) -> None:
        raise RetryAt(until)

    effect = enqueue("early", key="early", payload={})
    for _ in range(MAX_ATTEMPTS + 1):
        Effect.objects.update(due_at=Now())
        run_effect(effect.pk)

    effect.refresh_from_db()
    assert (effect.state, effect.attempts, effect.due_at) == (Effect.State.PENDING, 0, until)


@pytest.mark.django_db
def test_a_dead_letter_can_be_tried_again(handlers: Handlers) -> None:
    effect = enqueue("note", key="note:1", payload={})
    Effect.objects.update(state=Effect.State.DEAD, attempts=MAX_ATTEMPTS)

    retry_dead_letter(Effect.objects.all())
    effect_handler("note")(lambda _: None)
    run_effect(effect.pk)

    effect.refresh_from_db()
    assert (effect.state, effect.attempts) == (Effect.State.DONE, 1)


@pytest.mark.django_db
def test_only_a_dead_letter_is_tried_again() -> None:
    effect = enqueue("note", key="note:1", payload={})
    Effect.objects.update(state=Effect.State.DONE, attempts=1)

    retry_dead_letter(Effect.objects.all())

    effect.refresh_from_db()
    assert (effect.state, effect.attempts) == (Effect.State.DONE, 1)


def test_the_delay_doubles_from_five_seconds_to_an_hour() -> None:
    delays = [delay_after(attempt).total_seconds() for attempt in range(1, MAX_ATTEMPTS + 1)]

    assert delays == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


@pytest.mark.django_db
def test_draining_runs_effects_of_effects(handlers: Handlers) -> None:
    seen: list[str] = []

    @effect_handler("parent")
    def parent(effect: Effect) -> None:
        seen.append(effect.key)
        enqueue("child", key="child", payload={})

    effect_handler("child")(lambda effect: seen.append(effect.key))
    enqueue("parent", key="parent", payload={})
    enqueue("later", key="later", payload={}, delay=timedelta(days=365))

    assert drain() == 2
    assert seen == ["parent", "child"]


@pytest.mark.django_db
def test_draining_stops_at_its_limit_and_tries_a_failure_once(handlers: Handlers) -> None:
    effect_handler("note")(fail)
    for number in range(3):
        enqueue("note", key=str(number), payload={})

    assert drain(limit=2) == 2
    assert drain() == 1
    assert drain() == 0


@pytest.mark.django_db(transaction=True)
def test_draining_refuses_a_handler_that_leaves_a_transaction_open(handlers: Handlers) -> None:
    effect_handler("note")(lambda _: transaction.atomic().__enter__())
    enqueue("note", key="note:1", payload={})

    def drain_on_its_own_connection() -> None:
        try:
            drain()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="transaction open"):
        pool.submit(drain_on_its_own_connection).result()


@pytest.mark.django_db(transaction=True)
def test_running_inside_a_transaction_is_refused(handlers: Handlers) -> None:
    effect = enqueue("note", key="note:1", payload={})

    with transaction.atomic(), pytest.raises(RuntimeError):
        run_effect(effect.pk)


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_run_an_effect_at_the_same_time(
    handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The next attempt is due at once, as after a very slow first one; but the row is locked.
    monkeypatch.setattr(running, "DELAYS", [timedelta()])
    started, go_on = threading.Event(), threading.Event()
    runs: list[str] = []

    @effect_handler("slow")
    def slow(effect: Effect) -> None:
        runs.append(threading.current_thread().name)
        started.set()
        assert go_on.wait(30)

    effect = enqueue("slow", key="slow:1", payload={})

    def work() -> None:
        try:
            run_effect(effect.pk)
        finally:
            connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert started.wait(30)
    second = threading.Thread(target=work)
    second.start()
    second.join(30)
    go_on.set()
    first.join(30)

    effect.refresh_from_db()
    assert len(runs) == 1
    assert (effect.state, effect.attempts) == (Effect.State.DONE, 1)


@pytest.mark.django_db(transaction=True)
def test_what_holds_the_row_for_a_moment_leaves_the_effect_to_nobody_else(
    handlers: Handlers,
) -> None:
    """The relay does, when it has published: the message has come, and no other will for minutes."""
    runs: list[str] = []
    effect_handler("note")(lambda effect: runs.append(effect.key))
    effect = enqueue("note", key="note:1", payload={})
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Effect.objects.filter(pk=effect.pk).update(claimed_until=Now())
                held.set()
                go_on.wait(0.3)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    run_effect(effect.pk)
    holder.join(30)

    assert runs == ["note:1"]


@pytest.mark.django_db(transaction=True)
def test_many_workers_run_each_effect_once(handlers: Handlers) -> None:
    runs: list[str] = []
    effect_handler("note")(lambda effect: runs.append(effect.key))
    identifiers = [enqueue("note", key=str(n), payload={}).pk for n in range(20)]
    barrier = threading.Barrier(4)

    def work() -> None:
        try:
            barrier.wait(30)
            for identifier in identifiers:
                run_effect(identifier)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    drain()

    assert sorted(runs) == sorted(map(str, range(20)))
