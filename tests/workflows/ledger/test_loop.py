"""The sequencer as a process: woken by commits, back after a failure, stopped cleanly."""

import threading

import pytest
from django.db import connection, transaction

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
def test_it_goes_on_when_the_database_comes_back(
    in_thread, sequenced, connect, monkeypatch, caplog
):
    monkeypatch.setattr(loop, "PAUSE_AFTER_FAILURE", 0)
    session = connect(connection.settings_dict["USER"])
    pids = []

    def run(stop):
        connection.ensure_connection()
        pids.append(connection.connection.info.backend_pid)
        loop.run(stop)

    stop = threading.Event()
    running = in_thread(run, stop)
    append()
    assert sequenced.wait(60)
    sequenced.clear()
    session.execute("SELECT pg_terminate_backend(%s, 30000)", pids)
    append()
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
    results = [SequenceResult(2000, 2000), SequenceResult(2000, 4000), SequenceResult(7, 4007)]
    waits = []

    class Stop(threading.Event):
        def wait(self, timeout=None):
            waits.append((timeout, len(results)))
            self.set()

    monkeypatch.setattr(loop, "sequence", lambda: results.pop(0))
    loop.run(Stop())
    assert waits == [(loop.PAUSE_AFTER_BATCH, 0)]
