"""One id goes from the request through the effect to whatever the effect causes."""

import logging

import pytest

from workflows.outbox.correlation import correlated, current_id, new_id
from workflows.outbox.models import Effect
from workflows.outbox.services import drain, effect_handler, enqueue, run_effect


def test_an_id_lasts_for_a_block_and_the_one_outside_comes_back():
    assert current_id() == "-"
    with correlated("a"):
        with correlated("b"):
            assert current_id() == "b"
        with correlated(None):
            assert current_id() == "a"
    assert current_id() == "-"


def test_ids_are_random():
    assert new_id() != new_id()
    assert len(new_id()) == 32


@pytest.mark.django_db
def test_an_effect_keeps_the_id_under_which_it_was_written():
    with correlated("of-the-request"):
        effect = enqueue("mail.receipt", key="receipt:1", payload={})
    assert effect.correlation_id == "of-the-request"


@pytest.mark.django_db
def test_an_effect_that_nobody_asked_for_over_the_network_has_no_id():
    assert enqueue("mail.receipt", key="receipt:1", payload={}).correlation_id is None


@pytest.mark.django_db(transaction=True)
def test_a_handler_and_the_effects_that_it_writes_go_on_under_the_id(handlers, caplog):
    seen = []

    @effect_handler("first")
    def first(effect):
        seen.append(current_id())
        enqueue("second", key="second", payload={})

    @effect_handler("second")
    def second(effect):
        seen.append(current_id())

    with correlated("of-the-request"):
        enqueue("first", key="first", payload={})
    with correlated("of-the-task"):
        drain()
        assert current_id() == "of-the-task"
    assert seen == ["of-the-request", "of-the-request"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [False, True])
def test_what_the_worker_logs_about_an_effect_bears_the_id(handlers, fails):
    ids = []

    class Keep(logging.Handler):
        def emit(self, record):
            ids.append((record.levelname, current_id()))

    @effect_handler("one")
    def one(effect):
        if fails:
            raise ConnectionError

    with correlated("of-the-request"):
        effect = enqueue("one", key="one", payload={})
    logger, keep = logging.getLogger("workflows.outbox.running"), Keep()
    level = logger.level
    logger.addHandler(keep)
    logger.setLevel(logging.INFO)
    try:
        run_effect(effect.pk)
    finally:
        logger.removeHandler(keep)
        logger.setLevel(level)
    assert ids == [("WARNING" if fails else "INFO", "of-the-request")]
    assert Effect.objects.get().correlation_id == "of-the-request"
