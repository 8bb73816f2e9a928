"""The relay: every due effect reaches the broker, and an outage loses none."""

import logging
import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.models.functions import Now
from freezegun import freeze_time

from tests.database_time import database_now, let_pass
from workflows.outbox import canaries, queues
from workflows.outbox import relay as relay_module
from workflows.outbox.correlation import correlated, new_id
from workflows.outbox.models import Effect
from workflows.outbox.relay import TOGETHER, Relay, extend_lease, lease_due
from workflows.outbox.services import effect_handler, enqueue, mail_handler, run_effect


def use_broker(monkeypatch: pytest.MonkeyPatch, url: str) -> Celery:
    app = Celery("outbox-test", broker=url, set_as_current=False)
    app.conf.broker_transport_options = {"max_retries": 1, "interval_start": 0}
    monkeypatch.setattr(relay_module, "current_app", app)
    return app


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A broker inside this process."""
    app = use_broker(monkeypatch, "memory://")
    with app.connection() as link, link.SimpleQueue("celery") as queue:
        queue.clear()
        yield queue
        queue.clear()


@pytest.fixture
def dead_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of a broker at which nobody listens."""
    use_broker(monkeypatch, "redis://127.0.0.1:1/0")


def messages(queue: Any) -> list[tuple[str, list[str]]]:
    """What the relay has published, but for its canaries: tasks and their arguments."""
    found = []
    while queue.qsize():
        message = queue.get(block=False)
        message.ack()
        found.append((message.headers["task"], message.payload[0]))
    return [message for message in found if message[0] != canaries.TASK]


def published(queue: Any) -> list[tuple[str, str]]:
    """The same where each message has one effect, as those have that no request has caused."""
    return [(task, identifier) for task, [identifier] in messages(queue)]


def write_effects(count: int) -> list[str]:
    return [str(enqueue("note", key=str(n), payload={}).pk) for n in range(count)]


@pytest.mark.django_db
def test_due_effects_are_published_by_id(broker: Any) -> None:
    identifiers = write_effects(3)
    enqueue("note", key="later", payload={}, delay=timedelta(days=365))

    assert Relay().publish_due() == 3

    assert sorted(published(broker)) == sorted(
        ("workflows.outbox.tasks.run_effects", identifier) for identifier in identifiers
    )


@pytest.mark.django_db
def test_what_one_request_has_caused_goes_in_one_message(broker: Any) -> None:
    with correlated(new_id()):
        first, second = write_effects(2)
    with correlated(new_id()):
        other = str(enqueue("note", key="other", payload={}).pk)
        letter = str(enqueue("letter", key="letter", payload={}).pk)
    alone = str(enqueue("note", key="alone", payload={}).pk)
    Effect.objects.filter(pk=letter).update(queue=queues.MAIL)

    assert Relay().publish_due() == 5

    with broker.channel.connection.client.clone() as link, link.SimpleQueue("mail") as mails:
        assert [found for _task, found in messages(mails)] == [[letter]]
    assert sorted(sorted(found) for _task, found in messages(broker)) == sorted(
        [sorted([first, second]), [other], [alone]]
    )


@pytest.mark.django_db
def test_what_one_request_causes_by_the_hundred_is_shared_out(broker: Any) -> None:
    with correlated(new_id()):
        identifiers = write_effects(2 * TOGETHER + 1)

    assert Relay().publish_due() == len(identifiers)

    shared = [found for _task, found in messages(broker)]
    assert sorted(map(len, shared)) == [1, TOGETHER, TOGETHER]
    assert sorted(one for found in shared for one in found) == sorted(identifiers)


@pytest.mark.django_db
def test_a_published_effect_is_published_again_only_when_its_lease_lapses(
    broker: Any, settings: Any
) -> None:
    settings.OUTBOX_LEASE_SECONDS = 30
    write_effects(1)
    rounds = []
    for _ in range(4):
        rounds.append(Relay().publish_due())
        let_pass(timedelta(seconds=15))

    assert rounds == [1, 0, 1, 0]


@pytest.mark.django_db
def test_a_failed_effect_is_published_again_at_its_next_time_and_not_at_its_lease(
    broker: Any, handlers: dict[str, object]
) -> None:
    write_effects(1)
    assert Relay().publish_due() == 1
    run_effect(Effect.objects.get().pk)  # It has no handler, so the attempt fails.
    assert Relay().publish_due() == 0
    let_pass(timedelta(seconds=5))
    assert Relay().publish_due() == 1


@pytest.mark.django_db
def test_of_a_long_backlog_only_a_window_is_with_the_broker_at_a_time(
    broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "WINDOW", 3)
    identifiers = write_effects(10)
    first, second, third, fourth, *_rest = identifiers
    for number, identifier in enumerate(identifiers):
        Effect.objects.filter(pk=identifier).update(due_at=Now() - timedelta(seconds=100 - number))
    relay = Relay()

    assert relay.publish_due() == 3
    assert {effect for _task, effect in published(broker)} == {first, second, third}
    assert relay.publish_due() == 0

    # One that was begun makes room, however it ends; here its kind has no handler.
    run_effect(first)
    assert relay.publish_due() == 1
    assert published(broker) == [("workflows.outbox.tasks.run_effects", fourth)]

    # After the lease no more is published again than fits in.
    let_pass(timedelta(seconds=relay_module.DEFAULT_LEASE_SECONDS + 1))
    assert relay.publish_due() == 3


@pytest.mark.django_db
def test_a_backlog_of_mails_takes_no_room_from_others(
    broker: Any, handlers: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "WINDOW", 3)
    mail_handler("letter")(lambda _: None)
    letters = [str(enqueue("letter", key=f"letter {n}", payload={}).pk) for n in range(10)]
    let_pass(timedelta(minutes=1))
    notes = write_effects(2)

    assert Relay().publish_due() == 5

    assert {effect for _task, effect in published(broker)} == set(notes)
    with broker.channel.connection.client.clone() as link, link.SimpleQueue("mail") as mails:
        assert {effect for _task, effect in published(mails)} < set(letters)


@pytest.mark.django_db
def test_a_relay_that_dies_before_it_publishes_strands_nothing(broker: Any) -> None:
    write_effects(3)
    lease_due(queues.DEFAULT, 10)  # The process is killed here; another one lives.

    assert Relay().publish_due() == 0
    let_pass(relay_module.PUBLISHING)
    assert Relay().publish_due() == 3


@pytest.mark.django_db
def test_a_relay_that_starts_publishes_what_another_has_leased(
    broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_effects(3)
    Relay().publish_due()
    published(broker)
    relay = Relay()
    monkeypatch.setattr(relay, "_wait", relay.stop)
    relay.run()

    assert len(published(broker)) == 3


@pytest.mark.django_db
def test_what_a_worker_begins_while_it_is_published_is_not_leased_again(broker: Any) -> None:
    first, second = write_effects(2)
    leased = lease_due(queues.DEFAULT, 10)
    run_effect(first)  # It has no handler: the attempt fails and the next one waits.
    extend_lease(leased, 2)

    assert Effect.objects.get(pk=first).claimed_until is None
    assert Effect.objects.get(pk=second).claimed_until > leased.until


@pytest.mark.django_db
@pytest.mark.parametrize("days", [-1, 1])
def test_a_process_whose_clock_is_a_day_off_holds_nothing(
    broker: Any, handlers: dict[str, object], days: int
) -> None:
    effect_handler("note")(lambda _: None)
    with freeze_time(datetime.now(UTC) + timedelta(days=days)):
        write_effects(1)
        Relay().publish_due()
        run_effect(enqueue("failing", key="failing", payload={}).pk)

    leased, failed = Effect.objects.get(kind="note"), Effect.objects.get(kind="failing")
    lease = timedelta(seconds=relay_module.DEFAULT_LEASE_SECONDS)
    assert abs(leased.due_at - database_now()) < timedelta(minutes=1)
    assert abs(leased.claimed_until - lease - database_now()) < timedelta(minutes=1)
    assert abs(failed.due_at - database_now()) < timedelta(minutes=1)


@pytest.mark.django_db
def test_finished_and_dead_effects_are_left_alone(broker: Any) -> None:
    write_effects(2)
    Effect.objects.filter(key="0").update(state=Effect.State.DONE)
    Effect.objects.filter(key="1").update(state=Effect.State.DEAD)

    assert Relay().publish_due() == 0


@pytest.mark.django_db(transaction=True)
def test_two_relays_share_the_work() -> None:
    identifiers = write_effects(40)
    leased: list[str] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        try:
            barrier.wait(30)
            while batch := lease_due(queues.DEFAULT, 5).identifiers():
                leased.extend(map(str, batch))
        finally:
            connection.close()

    relays = [threading.Thread(target=work) for _ in range(2)]
    for relay in relays:
        relay.start()
    for relay in relays:
        relay.join(60)
    leased.extend(map(str, lease_due(queues.DEFAULT, 40).identifiers()))

    assert sorted(leased) == sorted(identifiers)


@pytest.mark.django_db
def test_with_the_broker_down_every_effect_stays_and_one_line_is_logged(
    dead_broker: None, caplog: pytest.LogCaptureFixture
) -> None:
    write_effects(5)
    relay = Relay()

    with caplog.at_level(logging.INFO, logger="workflows.outbox.relay"):
        assert [relay.publish_due() for _ in range(2)] == [0, 0]

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert Effect.objects.filter(state=Effect.State.PENDING, claimed_until=None).count() == 5


@pytest.mark.django_db
def test_after_the_outage_everything_is_published(
    dead_broker: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_effects(5)
    relay = Relay()
    relay.publish_due()
    caplog.clear()
    use_broker(monkeypatch, "memory://")

    with caplog.at_level(logging.INFO, logger="workflows.outbox.relay"):
        assert relay.publish_due() == 5

    assert [record.message for record in caplog.records] == ["The broker answers again."]
    assert not relay.broker_is_down


@pytest.mark.django_db
def test_the_command_publishes_once(broker: Any, capsys: pytest.CaptureFixture[str]) -> None:
    write_effects(2)

    call_command("outbox_relay", "--once")

    assert capsys.readouterr().out == "2 effects published.\n"


@pytest.mark.django_db
def test_the_command_fails_when_the_broker_is_down(dead_broker: None) -> None:
    write_effects(1)

    with pytest.raises(CommandError, match="broker does not answer"):
        call_command("outbox_relay", "--once")


@pytest.mark.django_db(transaction=True)
def test_a_new_effect_wakes_the_relay_and_sigterm_ends_it(
    broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So long that only the notification can be what wakes it.
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 3600.0)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    rounds = 0

    def write_one() -> None:
        try:
            enqueue("note", key="late", payload={})
        finally:
            connection.close()

    writer = threading.Thread(target=write_one)
    publish_due, wait = Relay.publish_due, Relay._wait

    def watched_publish(self: Relay) -> int:
        count = publish_due(self)
        if count:
            signal.raise_signal(signal.SIGTERM)
            # One more notification lets the pause after this round end at once.
            with connection.cursor() as cursor:
                cursor.execute("NOTIFY outbox")
        return count

    def watched_wait(self: Relay) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            with connection.cursor() as cursor:
                cursor.execute("LISTEN outbox")
            writer.start()
        wait(self)

    monkeypatch.setattr(Relay, "publish_due", watched_publish)
    monkeypatch.setattr(Relay, "_wait", watched_wait)
    try:
        call_command("outbox_relay")
    finally:
        writer.join(30)
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)
        connection.close()

    assert len(published(broker)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_relay_outlives_an_outage_of_the_database(
    broker: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 0.0)
    write_effects(1)
    relay = Relay()
    publish_due = Relay.publish_due
    answers = iter([OperationalError, OperationalError, publish_due])

    def flaky(self: Relay) -> int:
        answer = next(answers)
        if answer is OperationalError:
            raise OperationalError("the server closed the connection")
        relay.stop()
        return answer(self)

    monkeypatch.setattr(Relay, "publish_due", flaky)
    with caplog.at_level(logging.WARNING, logger="workflows.outbox.relay"):
        relay.run()

    assert len(published(broker)) == 1
    ours = [record for record in caplog.records if record.name == "workflows.outbox.relay"]
    assert len(ours) == 1
