"""The sequencer as a process: looks for events, is back after a failure, stopped cleanly."""

import threading

import pytest
from django.db import OperationalError, connection, transaction

from workflows.ledger import append, selectors, sequencer
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

    monkeypatch.setattr(sequencer, "sequence", watched)
    monkeypatch.setattr(sequencer, "PAUSE_AFTER_FAILURE", 0)
    return flag


def append_event():
    with transaction.atomic():
        append.append(name="case.viewed", role="reviewer")


@pytest.mark.django_db(transaction=True)
def test_events_are_sequenced_as_they_come_until_it_is_stopped(in_thread, sequenced):
    stop = threading.Event()
    running = in_thread(sequencer.run, stop)
    for size in (1, 2):
        sequenced.clear()
        append_event()
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
    running = in_thread(sequencer.run, stop)
    assert looked.wait(60)
    session = connect(connection.settings_dict["USER"])
    session.execute("SELECT pg_terminate_backend(%s, 30000)", pids)
    append_event()
    may_look.set()
    assert sequenced.wait(60)
    stop.set()
    running.result()
    assert "The database failed (OperationalError); trying again." in caplog.text


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_when_the_database_went_away_while_it_worked(
    in_thread, sequenced, monkeypatch, caplog
):
    watched = sequencer.sequence
    failures = [OperationalError()]

    def fail_once():
        if failures:
            raise failures.pop()
        return watched()

    monkeypatch.setattr(sequencer, "sequence", fail_once)
    append_event()
    stop = threading.Event()
    running = in_thread(sequencer.run, stop)
    assert sequenced.wait(60)
    stop.set()
    running.result()
    assert "The database failed" in caplog.text


@pytest.mark.django_db
def test_a_log_that_cannot_go_on_ends_it(monkeypatch):
    def refuse():
        raise SequencerError("cannot go on")

    monkeypatch.setattr(sequencer, "sequence", refuse)
    with pytest.raises(SequencerError):
        sequencer.run(threading.Event())


class OneWait(threading.Event):
    """A stop that is set as soon as somebody waits for it; keeps for how long."""

    def wait(self, timeout=None):
        self.waited = timeout
        self.set()


@pytest.mark.django_db
def test_it_pauses_after_a_batch_but_not_after_a_full_one(monkeypatch):
    results = [
        SequenceResult(2000, 2000),
        SequenceResult(2000, 4000),
        SequenceResult(7, 4007),
    ]
    monkeypatch.setattr(sequencer, "sequence", lambda: results.pop(0))
    stop = OneWait()
    sequencer.run(stop)
    assert results == []
    assert 0 < stop.waited <= sequencer.INTERVAL


@pytest.mark.parametrize(("took", "left"), [(0.0, 0.1), (0.07, 0.03), (0.3, 0.01)])
def test_batches_begin_at_even_times_however_long_each_takes(monkeypatch, took, left):
    moments = [100.0, 100.0 + took]
    monkeypatch.setattr(sequencer.time, "monotonic", lambda: moments.pop(0))
    monkeypatch.setattr(sequencer, "sequence", lambda: SequenceResult(7, 4007))
    stop = OneWait()
    assert sequencer._batch(stop)
    assert stop.waited == pytest.approx(left)


@pytest.mark.django_db
def test_an_empty_inbox_costs_one_look(django_assert_num_queries):
    sequence()
    stop = OneWait()
    with django_assert_num_queries(1):
        assert not sequencer._one_round(stop, busy=False)
    assert stop.waited == sequencer.INTERVAL


@pytest.mark.django_db
def test_right_after_a_batch_it_does_not_look_first(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(sequencer, "sequence", lambda: SequenceResult(0, 0))
    with django_assert_num_queries(0):
        assert not sequencer._one_round(OneWait(), busy=True)
