"""A worker that receives nothing any more: it is seen, mended where it can be, and ended."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.worker import state
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.urls import reverse
from kombu.exceptions import OperationalError
from kombu.message import Message

from requests_portal import acknowledgements, monitoring, watchdog
from requests_portal.acknowledgements import PortalRequest, resend_acks
from requests_portal.celery import app as portal
from requests_portal.monitoring import LAG_LIMIT
from requests_portal.watchdog import EXIT_CODE, STALL_SECONDS, Watchdog
from tests.database_time import let_pass
from workflows.outbox import canaries, queues, tasks
from workflows.outbox.models import Canary
from workflows.outbox.services import CanaryState, canary_states, enqueue

ALL_WELL = {
    "sequencer": "ok",
    "outbox": "ok",
    "mail": "ok",
    "relay": "ok",
    "beat": "ok",
    "worker": "ok",
    "mail-worker": "ok",
    "data-worker": "ok",
    "dead_letters": 0,
}


class TestAcknowledgements:
    """One that fails costs the worker a slot for ever, unless it is sent again."""

    @pytest.fixture(autouse=True)
    def told(self, monkeypatch) -> list[Any]:
        told: list[Any] = []
        monkeypatch.setattr(acknowledgements, "_told", told)
        return told

    @pytest.fixture
    def loop(self) -> list[Any]:
        """What the event loop of the worker does a moment later."""
        return []

    def turn(self, loop: list[Any]) -> None:
        """A turn of the event loop, and then the second is over."""
        while loop:
            loop.pop(0)()
        resend_acks((ConnectionError,))

    def request_with(self, failures: int, answers: list[str], loop: list[Any]) -> PortalRequest:
        """A request of a task, of whose message the broker first takes no acknowledgement."""
        broken = iter([True] * failures)

        def tell(word: str) -> None:
            if next(broken, False):
                raise ConnectionError("the broker stands still")
            answers.append(word)

        channel = SimpleNamespace(
            basic_ack=lambda *_, **__: tell("ack"),
            basic_reject=lambda *_, requeue: tell(f"reject {requeue}"),
            no_ack_consumers=None,
        )
        message = Message(channel=channel, delivery_tag="tag")
        request = PortalRequest.__new__(PortalRequest)
        request._message, request._connection_errors = message, (ConnectionError,)
        request._on_ack = lambda *given: loop.append(partial(message.ack_log_error, *given))
        request._on_reject = lambda *given: loop.append(partial(message.reject_log_error, *given))
        request.acknowledged, request._eventer = False, None
        request.__dict__.setdefault("id", "id")
        return request

    def test_every_task_of_ours_has_them(self) -> None:
        portal.finalize()
        assert tasks.run_effects.Request == "requests_portal.acknowledgements:PortalRequest"
        assert "requests_portal.acknowledgements:Acknowledgements" in portal.steps["consumer"]

    def test_one_that_arrives_is_not_sent_again(self, told, loop) -> None:
        answers: list[str] = []
        self.request_with(0, answers, loop).acknowledge()
        resend_acks((ConnectionError,))
        assert answers == []
        for _ in range(3):
            self.turn(loop)

        assert answers == ["ack"]
        assert told == []

    def test_one_that_fails_is_sent_until_it_arrives(self, told, loop) -> None:
        answers: list[str] = []
        self.request_with(3, answers, loop).acknowledge()
        for _ in range(3):
            self.turn(loop)
            assert (answers, len(told)) == ([], 1)
        self.turn(loop)

        assert (answers, told) == (["ack"], [])

    def test_a_rejection_as_well(self, told, loop) -> None:
        answers: list[str] = []
        self.request_with(1, answers, loop).reject(requeue=True)
        for _ in range(2):
            self.turn(loop)

        assert (answers, told) == (["reject True"], [])


class TestTheWatchdog:
    @pytest.fixture
    def clock(self, monkeypatch) -> SimpleNamespace:
        clock = SimpleNamespace(now=1000.0)
        monkeypatch.setattr(watchdog.time, "monotonic", lambda: clock.now)
        return clock

    @pytest.fixture
    def broker(self) -> Iterator[Celery]:
        """A broker inside this process with a message in the queue `celery`."""
        app = Celery("watchdog-test", broker="memory://", set_as_current=False)
        with app.connection() as link, link.SimpleQueue("celery") as queue:
            queue.clear()
            queue.put("a message")
            yield app
            queue.clear()

    @pytest.fixture
    def reserved(self, monkeypatch) -> set[object]:
        """The tasks that the worker has at hand."""
        reserved: set[object] = set()
        monkeypatch.setattr(state, "reserved_requests", reserved)
        monkeypatch.setattr(state, "should_stop", None)
        return reserved

    @pytest.fixture
    def dog(self, clock, broker, reserved) -> Watchdog:
        consumer = SimpleNamespace(app=broker, max_prefetch_count=2, restart_count=0)
        return Watchdog(consumer, ["celery"])

    def stalled_after(self, dog: Watchdog, clock: SimpleNamespace, seconds: float) -> bool:
        found = False
        for _ in range(int(seconds // watchdog.CHECK_SECONDS) + 1):
            found = found or dog.is_stalled()
            clock.now += watchdog.CHECK_SECONDS
        return found

    def test_a_worker_that_takes_nothing_of_what_waits_is_stalled_in_the_end(
        self, dog, clock
    ) -> None:
        assert not self.stalled_after(dog, clock, STALL_SECONDS - watchdog.CHECK_SECONDS)
        assert self.stalled_after(dog, clock, watchdog.CHECK_SECONDS)

    def test_one_for_which_nothing_waits_is_not(self, dog, clock) -> None:
        with dog._consumer.app.connection() as link, link.SimpleQueue("celery") as queue:
            queue.clear()
        assert not self.stalled_after(dog, clock, 10 * STALL_SECONDS)

    @pytest.mark.django_db
    def test_one_that_receives_now_and_then_is_not(self, dog, clock, monkeypatch) -> None:
        monkeypatch.setattr(watchdog.connection, "close", lambda: None)
        for _ in range(10):
            assert not self.stalled_after(dog, clock, STALL_SECONDS / 2)
            dog._note_received()

    def test_one_whose_broker_does_not_answer_is_not(self, dog, clock, monkeypatch) -> None:
        def away(*_: Any, **__: Any) -> Any:
            raise OperationalError

        link = dog._consumer.app.connection_for_read()
        monkeypatch.setattr(type(link), "channel", away)
        assert not self.stalled_after(dog, clock, 10 * STALL_SECONDS)

    def test_one_that_comes_to_its_end_already_is_not(self, dog, clock, monkeypatch) -> None:
        monkeypatch.setattr(state, "should_stop", 0)
        assert not self.stalled_after(dog, clock, 10 * STALL_SECONDS)

    @pytest.mark.django_db
    def test_one_with_all_slots_at_work_is_busy_and_says_so(
        self, dog, clock, reserved, monkeypatch
    ) -> None:
        monkeypatch.setattr(watchdog.connection, "close", lambda: None)
        reserved.update({"one", "another"})
        assert not self.stalled_after(dog, clock, 10 * STALL_SECONDS)
        assert canary_states()["celery"].state(LAG_LIMIT) == "busy"

    @pytest.mark.usefixtures("reserved")
    def test_a_stalled_worker_is_asked_to_end_and_then_ended(self, dog, monkeypatch) -> None:
        ends: list[object] = []

        def wait(_seconds: float) -> None:
            ends.append(state.should_stop)

        monkeypatch.setattr(watchdog.time, "sleep", wait)
        monkeypatch.setattr(watchdog.os, "_exit", ends.append)
        dog.end_worker()

        assert ends == [EXIT_CODE, EXIT_CODE]


@pytest.mark.django_db
class TestCanaries:
    def send(self) -> list[str]:
        sent: list[str] = []
        canaries.send_due(sent.append)
        return sent

    def later(self, span) -> None:
        let_pass(span, Canary, ("sent_at", "seen_at", "busy_at"))

    def test_one_goes_through_each_queue_when_the_one_before_has_come_out(self) -> None:
        assert self.send() == list(queues.ALL)
        assert self.send() == []
        tasks.canary(queues.MAIL)
        self.later(canaries.EVERY)
        assert self.send() == [queues.MAIL]

    def test_one_that_is_lost_is_sent_again(self) -> None:
        self.send()
        self.later(canaries.GIVEN_UP_AFTER)
        assert self.send() == list(queues.ALL)

    def test_beat_sends_its_own(self, settings) -> None:
        entry = settings.CELERY_BEAT_SCHEDULE["canary"]
        assert entry["task"] == canaries.TASK
        tasks.canary(*entry["args"])
        assert canary_states()["beat"].state(LAG_LIMIT) == "ok"


@pytest.mark.django_db
class TestTheHealthPage:
    @pytest.fixture(autouse=True)
    def all_is_well(self) -> None:
        for name in (*queues.ALL, canaries.BEAT):
            Canary.objects.create(name=name, sent_at=Now(), seen_at=Now())

    def checks(self, client) -> dict[str, object]:
        answer = client.get(reverse("readyz"))
        assert answer.status_code == 200
        return {k: v for k, v in answer.json()["checks"].items() if k in ALL_WELL}

    def test_all_is_well(self, client, capsys) -> None:
        assert self.checks(client) == ALL_WELL
        call_command("health")
        assert capsys.readouterr().out.split() == [
            word for name, found in ALL_WELL.items() for word in (f"{name}:", str(found))
        ]

    @pytest.mark.parametrize(
        ("name", "queue"),
        [("worker", "celery"), ("mail-worker", "mail"), ("data-worker", "data"), ("beat", "beat")],
    )
    def test_a_worker_that_falls_silent(self, client, name, queue) -> None:
        Canary.objects.filter(name=queue).update(seen_at=Now() - 2 * LAG_LIMIT)

        assert self.checks(client) == {**ALL_WELL, name: "silent"}
        with pytest.raises(CommandError, match=f"look at: {name}"):
            call_command("health", name)
        call_command("health", "sequencer")

    def test_a_worker_that_is_at_work_on_something_long_is_not_silent(self, client) -> None:
        Canary.objects.filter(name="data").update(seen_at=Now() - 2 * LAG_LIMIT, busy_at=Now())

        assert self.checks(client) == {**ALL_WELL, "data-worker": "busy"}
        call_command("health", "data-worker")

    def test_a_relay_that_falls_silent(self, client) -> None:
        Canary.objects.update(sent_at=Now() - 2 * LAG_LIMIT)

        assert self.checks(client) == {**ALL_WELL, "relay": "silent"}

    def test_one_that_put_them_in_at_this_very_moment_is_not_silent(self, monkeypatch) -> None:
        now = timedelta()
        names = (*queues.ALL, canaries.BEAT)
        monkeypatch.setattr(
            monitoring.outbox,
            "canary_states",
            lambda: {name: CanaryState(sent=now, lag=now) for name in names},
        )
        assert monitoring.background()["relay"] == "ok"

    def test_what_never_began(self, client) -> None:
        Canary.objects.all().delete()
        silent = dict.fromkeys(("relay", "beat", "worker", "mail-worker", "data-worker"), "silent")

        assert self.checks(client) == {**ALL_WELL, **silent}

    def test_effects_that_lie_due(self, client) -> None:
        enqueue("note", key="note", payload={})
        let_pass(2 * LAG_LIMIT)

        assert self.checks(client) == {**ALL_WELL, "outbox": "lags"}

    def test_nobody_asks_for_what_there_is_not(self) -> None:
        with pytest.raises(CommandError, match="There is no wroker"):
            call_command("health", "wroker")
