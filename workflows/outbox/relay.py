"""The relay: hands due effects to the broker, in a process of its own.

It leases rows with `FOR UPDATE SKIP LOCKED`, so that any number of relays may run, publishes
their ids and forgets them. A message that is lost, with the broker or with a worker, is
published again when the lease has lapsed; a message that comes twice finds its effect done.
Between rounds it sleeps until the database notifies it of a new effect, at most a second.

A lease is short until the message is with the broker, so that a relay that dies strands nothing.
All leases end when a relay starts or sees database or broker again, and those of a queue when one
of its workers starts: what was with the dead one is then published once more.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerError

from workflows.outbox import canaries, queues
from workflows.outbox.models import Effect

TASK = "workflows.outbox.tasks.run_effect"
CHANNEL = "outbox"
BATCH = 200
# Only so many of the longest due effects of a queue are with the broker at a time. Were all of a
# long backlog published, its leases would lapse before the workers come to it, and copies upon
# copies of the same effects would keep the workers busy until nothing else gets through.
WINDOW = 1000
POLL_SECONDS = 1.0
DEFAULT_LEASE_SECONDS = 120
# Longer than publishing a batch takes.
PUBLISHING = timedelta(seconds=10)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leased:
    """Effects of one queue that this relay, and no other, publishes until the moment `until`."""

    queue: str
    identifiers: list[UUID]
    until: datetime | None = None


class Relay:
    """Publishes effects until `stop` is called. One line is logged for each outage."""

    def __init__(self) -> None:
        self.broker_is_down = False
        self._database_is_down = False
        self._stopping = False
        self._listening: Any = None
        self._canaries_at = 0.0
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
            published += taken
            if taken < len(leased.identifiers):
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
        identifiers = leased.identifiers
        for position, identifier in enumerate(identifiers):
            try:
                current_app.send_task(
                    TASK,
                    args=[str(identifier)],
                    queue=leased.queue,
                    retry=False,
                    ignore_result=True,
                )
            except BrokerError as error:
                extend_lease(leased, position)
                release(identifiers[position:])
                self._broker_failed(error)
                return position
        if identifiers:
            self._broker_answered()
        extend_lease(leased, len(identifiers))
        return len(identifiers)

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


def lease_due(queue: str, limit: int) -> Leased:
    """Claim up to `limit` due effects of a queue for publishing, longest due first.

    Of the `WINDOW` effects that are due longest: one that a worker has begun is not due any more,
    and makes room.
    """
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=Now())
    due = Effect.objects.filter(queue=queue, state=Effect.State.PENDING, due_at__lte=Now())
    window = due.order_by("due_at").values("pk")[:WINDOW]
    with transaction.atomic():
        due = due.select_for_update(skip_locked=True).filter(free, pk__in=window)
        identifiers = list(due.order_by("due_at").values_list("pk", flat=True)[:limit])
        if not identifiers:
            return Leased(queue, [])
        Effect.objects.filter(pk__in=identifiers).update(claimed_until=Now() + PUBLISHING)
        until = Effect.objects.values_list("claimed_until", flat=True).get(pk=identifiers[0])
    return Leased(queue, identifiers, until)


def extend_lease(leased: Leased, count: int) -> None:
    """Lease the first `count` for as long as their messages may wait in the broker.

    Those that a worker has begun meanwhile have lost the lease, and stay as they are.
    """
    published = Effect.objects.filter(pk__in=leased.identifiers[:count])
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
