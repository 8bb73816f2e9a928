"""Figures about the outbox for the health page."""

from datetime import UTC, datetime, timedelta

import pytest

from workflows.outbox.models import Effect
from workflows.outbox.selectors import backlog_age, backlog_size, dead_letters
from workflows.outbox.services import enqueue

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_an_empty_outbox_has_no_age() -> None:
    assert (backlog_age(NOON), backlog_size(NOON)) == (timedelta(), 0)


def test_the_age_is_that_of_the_oldest_effect_that_could_run() -> None:
    for minutes in (5, 3, -10):
        enqueue("note", key=str(minutes), payload={}, due_at=NOON - timedelta(minutes=minutes))
    enqueue("note", key="done", payload={}, due_at=NOON - timedelta(days=1))
    Effect.objects.filter(key="done").update(state=Effect.State.DONE)

    assert backlog_age(NOON) == timedelta(minutes=5)
    assert backlog_size(NOON) == 2


def test_dead_letters_are_listed_and_are_no_backlog() -> None:
    effect = enqueue("note", key="1", payload={}, due_at=NOON - timedelta(days=1))
    Effect.objects.update(state=Effect.State.DEAD)

    assert list(dead_letters()) == [effect]
    assert backlog_size(NOON) == 0
