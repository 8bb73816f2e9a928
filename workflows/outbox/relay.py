"""The relay: hands due effects to the broker, in a process of its own.

It leases rows with `FOR UPDATE SKIP LOCKED`, so that any number of relays may run, publishes
their ids and forgets them; what one request has caused goes in one message. A message that is lost,
with the broker or with a worker, is published again when the lease has lapsed; a message that comes
twice finds its effects done. Between rounds it sleeps until the database notifies it of a new
effect, at most a second.

A lease is short until the message is with the broker, so that a relay that dies strands nothing.
All leases end when a relay starts or sees database or broker again, and those of a queue when one
of its workers starts: what was with the dead one is then published once more.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerError

from workflows.outbox import canaries, queues
from workflows.outbox.models import Effect

TASK = "workflows.outbox.tasks.run_effects"
CHANNEL = "outbox"
BATCH = 200
# Only so many of the longest due effects of a queue are with the broker at a time. Were all of a
# long backlog published, its leases would lapse before the workers come to it, and copies upon
# copies of the same effects would keep the workers busy until nothing else gets through.
WINDOW = 1000
# How many effects of one request go in one message: a sweep may cause hundreds, for many workers.
TOGETHER = 8
POLL_SECONDS = 1.0
# From one round to the next: under load, each finds what many commits have brought.
ROUND_SECONDS = 0.05
DEFAULT_LEASE_SECONDS = 120
# Longer than publishing a batch takes.
PUBLISHING = timedelta(seconds=10)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leased:
    """Effects of one queue that this relay, and no other, publishes until the moment `until`.

    A message each: the ids of effects that have one cause.
    """

    queue: str
    messages: list[list[UUID]]
    until: datetime | None = None

    def identifiers(self, first: int = 0, last: int | None = None) -> list[UUID]:
        """Return the ids in these messages, or in all."""
        return [identifier for message in self.messages[first:last] for identifier in message]


class Relay:
    """Publishes effects until `stop` is called. One line is logged for each outage."""

    def __init__(self) -> None:
        self.broker_is_down = False
        self._database_is_down = False
        self._stopping = False
        self._listening: Any = None
        self._canaries_at = 0.0
        self._round_at = 0.0
        self._release_at = 0.0

    def stop(self) -> None:
        """End `run` within a second; safe to call from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Publish what is due, again and again; outlives outages of broker and database."""
        anew = True
        while not self._stopping:
            try:
                if anew:
                    release_all()
                    anew = False
                self._send_canaries()
                self._round_at = time.monotonic() + ROUND_SECONDS
                if self.publish_due() < BATCH:
                    self._wait()
                self._database_is_down = False
            except (OperationalError, InterfaceError) as error:
                if not self._database_is_down:
                    logger.warning("The database does not answer: %s", type(error).__name__)
                self._database_is_down = anew = True
                connection.close()
                time.sleep(POLL_SECONDS)

    def publish_due(self) -> int:
        """Lease and publish up to `BATCH` due effects a queue; return how many the broker took."""
        published = 0
        for queue in queues.OF_EFFECTS:
            leased = lease_due(queue, BATCH)
            taken = self._publish(leased)
            published += len(leased.identifiers(last=taken))
            if taken < len(leased.messages):
                break
        return published

    def _send_canaries(self) -> None:
        """Send a canary through each queue, every few seconds; the database says when."""
        if time.monotonic() < self._canaries_at:
            return
        self._canaries_at = time.monotonic() + canaries.EVERY.total_seconds() / 4
        try:
            canaries.send_due(self._send_canary)
        except BrokerError as error:
            self._broker_failed(error)

    def _send_canary(self, name: str) -> None:
        current_app.send_task(
            canaries.TASK,
            args=[name],
            queue=name,
            expires=canaries.GIVEN_UP_AFTER.total_seconds(),
            retry=False,
            ignore_result=True,
        )
        self._broker_answered()

    def _publish(self, leased: Leased) -> int:
        """Publish what was leased; return how many messages the broker took."""
        for position, message in enumerate(leased.messages):
            try:
                current_app.send_task(
                    TASK,
                    args=[str(identifier) for identifier in message],
                    queue=leased.queue,
                    retry=False,
                    ignore_result=True,
                )
            except BrokerError as error:
                extend_lease(leased, position)
                release(leased.identifiers(position))
                self._broker_failed(error)
                return position
        if leased.messages:
            self._broker_answered()
            extend_lease(leased, len(leased.messages))
        return len(leased.messages)

    def _broker_failed(self, error: BrokerError) -> None:
        if not self.broker_is_down:
            logger.warning(
                "The broker does not answer (%s); effects wait in the outbox.",
                type(error.__cause__ or error).__name__,
            )
        self.broker_is_down = True

    def _broker_answered(self) -> None:
        """Publish anew what was with a broker that went away: it may have forgotten it."""
        if self.broker_is_down:
            logger.info("The broker answers again.")
            self.broker_is_down = False
            # Not more often than leases lapse: who comes and goes gets no flood of copies.
            if time.monotonic() >= self._release_at:
                release_all()
                self._release_at = time.monotonic() + lease().total_seconds()

    def _wait(self) -> None:
        """Sleep until a new effect is committed, or for `POLL_SECONDS`."""
        if self.broker_is_down:
            time.sleep(POLL_SECONDS)
            return
        connection.ensure_connection()
        driver = connection.connection
        with connection.wrap_database_errors:
            if driver is not self._listening:
                driver.execute(f"LISTEN {CHANNEL}")
                self._listening = driver
            for _notification in driver.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
        time.sleep(max(0.0, self._round_at - time.monotonic()))


_LEASE = """
    WITH longest_due AS (
        SELECT id FROM outbox_effect
        WHERE queue = %(queue)s AND state = 'pending' AND due_at <= statement_timestamp()
        ORDER BY due_at LIMIT %(window)s
    ), free AS MATERIALIZED (
        SELECT id FROM outbox_effect
        WHERE id IN (SELECT id FROM longest_due)
            AND state = 'pending' AND due_at <= statement_timestamp()
            AND (claimed_until IS NULL OR claimed_until <= statement_timestamp())
        ORDER BY due_at LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox_effect SET claimed_until = statement_timestamp() + %(publishing)s
    WHERE id IN (SELECT id FROM free)
    RETURNING *
"""


def lease_due(queue: str, limit: int) -> Leased:
    """Claim up to `limit` due effects of a queue for publishing, longest due first.

    Of the `WINDOW` effects that are due longest: one that a worker has begun is not due any more,
    and makes room.
    """
    values = {"queue": queue, "window": WINDOW, "limit": limit, "publishing": PUBLISHING}
    effects = sorted(Effect.objects.raw(_LEASE, values), key=lambda effect: effect.due_at)
    until = effects[0].claimed_until if effects else None
    return Leased(queue, _by_cause(effects), until)


def _by_cause(effects: Iterable[Effect]) -> list[list[UUID]]:
    """Put together what one request has caused, up to `TOGETHER`; the order stays."""
    messages: list[list[UUID]] = []
    open_ones: dict[str | UUID, list[UUID]] = {}
    for effect in effects:
        cause = effect.correlation_id or effect.pk
        message = open_ones.get(cause)
        if message is None or len(message) == TOGETHER:
            message = open_ones[cause] = []
            messages.append(message)
        message.append(effect.pk)
    return messages


def extend_lease(leased: Leased, count: int) -> None:
    """Lease what the first `count` messages hold for as long as they may wait in the broker.

    What a worker has begun meanwhile has lost the lease, and stays as it is.
    """
    published = Effect.objects.filter(pk__in=leased.identifiers(last=count))
    published.filter(claimed_until=leased.until).update(claimed_until=Now() + lease())


def lease() -> timedelta:
    """Return how long a message may wait in the broker before it is sent again."""
    return timedelta(seconds=getattr(settings, "OUTBOX_LEASE_SECONDS", DEFAULT_LEASE_SECONDS))


def release(identifiers: list[UUID]) -> None:
    """Give back the leases of effects that could not be published."""
    Effect.objects.filter(pk__in=identifiers).update(claimed_until=None)


def release_all(queue: str | None = None) -> int:
    """End all leases, or those of a queue; return how many.

    What is still with the broker is published a second time, and the second message does nothing.
    """
    leased = Effect.objects.filter(state=Effect.State.PENDING, claimed_until__isnull=False)
    if queue is not None:
        leased = leased.filter(queue=queue)
    return leased.update(claimed_until=None)
