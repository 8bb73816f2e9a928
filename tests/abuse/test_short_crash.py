"""A connection that is lost for a moment delays an effect for a moment, and not for minutes."""

from datetime import timedelta

import psycopg
import pytest
from django.core.mail import EmailMessage
from django.db import connection

from tests.database_time import database_now, let_pass
from workflows.outbox import handlers, queues, running
from workflows.outbox.handlers import effect_handler, mail_handler
from workflows.outbox.models import Effect
from workflows.outbox.relay import lease_due
from workflows.outbox.services import enqueue, run_effect

pytestmark = pytest.mark.django_db(transaction=True)
SOON = timedelta(seconds=2)


@pytest.fixture(autouse=True)
def registry(monkeypatch) -> dict[str, object]:
    registry: dict[str, object] = {}
    monkeypatch.setattr(handlers, "_handlers", registry)
    return registry


def cut_connection() -> None:
    """End the server's side of our connection, as a restart of the database does."""
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    pid = connection.connection.info.backend_pid
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_an_effect_whose_connection_is_lost_is_tried_again_at_once() -> None:
    runs = []

    @effect_handler("note")
    def note(effect: Effect) -> None:
        runs.append(effect.pk)
        if len(runs) == 1:
            cut_connection()
        enqueue("other", key=f"other {len(runs)}", payload={})

    effect = enqueue("note", key="note", payload={})
    # Even where many attempts have made the pause long.
    Effect.objects.filter(pk=effect.pk).update(attempts=9)
    lease_due(queues.DEFAULT, 10)
    run_effect(effect.pk)

    effect.refresh_from_db()
    assert (effect.state, effect.last_error) == (Effect.State.PENDING, "OperationalError")
    assert effect.due_at <= database_now() + SOON
    assert effect.claimed_until is None
    let_pass(SOON)
    run_effect(effect.pk)
    effect.refresh_from_db()
    assert effect.state == Effect.State.DONE
    assert list(Effect.objects.filter(kind="other").values_list("key", flat=True)) == ["other 2"]


def test_a_worker_whose_connection_was_lost_before_it_begins_begins_all_the_same() -> None:
    effect_handler("note")(lambda _: None)
    effect = enqueue("note", key="note", payload={})
    cut_connection()
    run_effect(effect.pk)

    effect.refresh_from_db()
    assert (effect.state, effect.attempts) == (Effect.State.DONE, 1)


def test_a_mail_sent_while_the_database_was_away_is_not_sent_again(monkeypatch) -> None:
    sent = []

    def send(_mail: EmailMessage) -> None:
        sent.append("mail")
        cut_connection()

    monkeypatch.setattr(running, "send", send)
    mail_handler("letter")(lambda _: EmailMessage(to=["somebody@mail.example"]))
    effect = enqueue("letter", key="letter", payload={})
    run_effect(effect.pk)

    effect.refresh_from_db()
    assert effect.state == Effect.State.DONE
    assert effect.sent_at is not None
    assert sent == ["mail"]


def test_a_database_that_stays_away_is_not_waited_for_for_ever(monkeypatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.1)
    effect_handler("note")(lambda _: None)
    effect = enqueue("note", key="note", payload={})
    tries = []

    def away(*_: object) -> None:
        tries.append("try")
        connection.close()
        raise running.OperationalError

    with monkeypatch.context() as outage:
        outage.setattr(running, "_begin_attempt", away)
        with pytest.raises(running.OperationalError):
            run_effect(effect.pk)

    assert len(tries) >= 2
    effect.refresh_from_db()
    assert (effect.state, effect.attempts) == (Effect.State.PENDING, 0)
