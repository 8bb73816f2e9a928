"""Figures about the outbox for the health page."""

from datetime import timedelta

import pytest

from tests.database_time import let_pass
from workflows.outbox.models import Effect
from workflows.outbox.services import Backlog, backlogs, dead_letters, enqueue, mail_handler

NONE = Backlog(0, timedelta())

pytestmark = pytest.mark.django_db


def test_an_empty_outbox_has_no_age() -> None:
    assert backlogs() == {"celery": NONE, "mail": NONE}


def test_the_age_is_that_of_the_oldest_effect_that_could_run(handlers: dict[str, object]) -> None:
    mail_handler("letter")(lambda _: None)
    enqueue("letter", key="letter", payload={})
    let_pass(timedelta(hours=1))
    enqueue("note", key="first", payload={})
    let_pass(timedelta(minutes=2))
    enqueue("note", key="second", payload={})
    enqueue("note", key="later", payload={}, delay=timedelta(minutes=10))
    enqueue("note", key="done", payload={})
    Effect.objects.filter(key="done").update(state=Effect.State.DONE)
    let_pass(timedelta(minutes=3))

    found = backlogs()
    assert (found["celery"].size, found["mail"].size) == (2, 1)
    assert timedelta(minutes=5) <= found["celery"].age < timedelta(minutes=6)
    assert timedelta(minutes=65) <= found["mail"].age < timedelta(minutes=66)


def test_dead_letters_are_listed_and_are_no_backlog() -> None:
    effect = enqueue("note", key="1", payload={})
    Effect.objects.update(state=Effect.State.DEAD)

    assert list(dead_letters()) == [effect]
    assert backlogs()["celery"] == NONE
