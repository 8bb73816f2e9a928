"""The sequencer as a process: looks for events, is back after a failure, stopped cleanly."""

import threading

import pytest
from django.db import OperationalError, connection, transaction

from workflows.ledger import loop, selectors, services
from workflows.ledger.sequencer import SequencerError, SequenceResult, sequence


@pytest.fixture
def sequenced(monkeypatch):
    """Set whenever a batch took something in."""
    flag = threading.Event()

    def watched():
        result = sequence()
        if result.appended:
            flag.set()
        return result

    monkeypatch.setattr(loop, "sequence", watched)
    monkeypatch.setattr(loop, "PAUSE_AFTER_FAILURE", 0)
    return flag


def append():
    with transaction.atomic():
        services.append(name="case.viewed", role="reviewer")


@pytest.mark.django_db(transaction=True)
def test_events_are_sequenced_as_they_come_until_it_is_stopped(in_thread, sequenced):
    stop = threading.Event()
    running = in_thread(loop.run, stop)
    for size in (1, 2):
        sequenced.clear()
        append()
        assert sequenced.wait(60)
        assert selectors.latest_checkpoint().size == size
    stop.set()
    running.result()


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_when_the_database_went_away_while_it_waited(
    in_thread, sequenced, monkeypatch, connect, caplog
):
    pids, looked, may_look = [], threading.Event(), threading.Event()

    class Stop(threading.Event):
        def wait(self, timeout=None):
            pids[:] = [connection.connection.info.backend_pid] if connection.connection else []
            looked.set()
            may_look.wait(60)

    stop = Stop()
    running = in_thread(loop.run, stop)
    assert looked.wait(60)
    session = connect(connection.settings_dict["USER"])
    session.execute("SELECT pg_terminate_backend(%s, 30000)", pids)
    append()
    may_look.set()
    assert sequenced.wait(60)
    stop.set()
    running.result()
    assert "The database failed (OperationalError); trying again." in caplog.text


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_when_the_database_went_away_while_it_worked(
    in_thread, sequenced, monkeypatch, caplog
):
    watched = loop.sequence
    failures = [OperationalError()]

    def fail_once():
        if failures:
            raise failures.pop()
        return watched()

    monkeypatch.setattr(loop, "sequence", fail_once)
    append()
    stop = threading.Event()
    running = in_thread(loop.run, stop)
    assert sequenced.wait(60)
    stop.set()
    running.result()
    assert "The database failed" in caplog.text


@pytest.mark.django_db
def test_a_log_that_cannot_go_on_ends_it(monkeypatch):
    def refuse():
        raise SequencerError("cannot go on")

    monkeypatch.setattr(loop, "sequence", refuse)
    with pytest.raises(SequencerError):
        loop.run(threading.Event())


@pytest.mark.django_db
def test_it_pauses_after_a_batch_but_not_after_a_full_one(monkeypatch):
    results = [
        SequenceResult(0, 0),
        SequenceResult(2000, 2000),
        SequenceResult(2000, 4000),
        SequenceResult(7, 4007),
    ]
    waits = []

    class Stop(threading.Event):
        def wait(self, timeout=None):
            waits.append((timeout, len(results)))
            self.set()

    append()
    monkeypatch.setattr(loop, "sequence", lambda: results.pop(0))
    loop.run(Stop())
    assert waits == [(loop.PAUSE, 0)]


@pytest.mark.django_db
def test_an_empty_inbox_costs_one_look(django_assert_num_queries):
    sequence()

    class Stop(threading.Event):
        def wait(self, timeout=None):
            self.set()

    with django_assert_num_queries(1):
        loop._one_round(Stop())
