"""Looks in each worker whether it receives what waits for it, and ends it when it does not.

Whatever keeps a worker from receiving: one that has a free slot and an answering broker with
messages that wait, and yet receives none, is of no use. It ends, and is started again.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from billiard import active_children
from celery import signals
from celery.worker import state
from django.db import DatabaseError, InterfaceError, connection
from kombu.exceptions import OperationalError as BrokerError

from workflows.outbox import canaries, relay

CHECK_SECONDS = 5.0
# Longer than a worker may take to connect again: it tries every half a minute in the end.
STALL_SECONDS = 45.0
# For the tasks at hand, before a worker that ends itself is ended.
GRACE_SECONDS = 30.0
EXIT_CODE = 75  # EX_TEMPFAIL

logger = logging.getLogger(__name__)


class Watchdog(threading.Thread):
    """Looks whether a worker receives what waits for it, and ends the worker when it does not."""

    def __init__(self, consumer: Any, queues: Iterable[str]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.queues = sorted(queues)
        self._consumer = consumer
        self._received = 0
        self._seen = 0
        self._stalled_since: float | None = None
        signals.task_received.connect(self._note_received, weak=False)

    def run(self) -> None:
        """Look for ever; have published anew what was with this worker before it connected."""
        connections: int | None = None
        while not self.is_stalled():
            if connections != self._consumer.restart_count:
                count = self._consumer.restart_count
                connections = count if self._in_database(relay.release_all) else connections
            time.sleep(CHECK_SECONDS)
        self.end_worker()

    def is_stalled(self) -> bool:
        """Tell whether nothing was received for long, though a slot is free and messages wait."""
        if state.should_stop is not None or state.should_terminate is not None:
            return False
        now = time.monotonic()
        received, self._seen = self._received > self._seen, self._received
        busy = len(state.reserved_requests) >= self._consumer.max_prefetch_count
        messages_wait = self._messages_wait()
        if messages_wait and (busy or received):
            self._in_database(canaries.note_busy)
        if busy or received or not messages_wait:
            self._stalled_since = None
            return False
        self._stalled_since = self._stalled_since or now
        return now - self._stalled_since >= STALL_SECONDS

    def end_worker(self) -> None:
        """End the worker in good order if it can, and else at once."""
        logger.critical("This worker receives nothing though messages wait; it ends itself")
        state.should_stop = EXIT_CODE  # type: ignore[assignment]  # typed by its first value
        time.sleep(GRACE_SECONDS)
        logger.critical("This worker does not come to an end; it is ended")
        for child in active_children():
            if child.pid is not None:
                os.kill(child.pid, signal.SIGKILL)
        os._exit(EXIT_CODE)

    def _note_received(self, **_: Any) -> None:
        self._received += 1

    def _messages_wait(self) -> bool:
        """Ask the broker; False when it does not answer, for that is no fault of this worker."""
        link = self._consumer.app.connection_for_read()
        try:
            with link, link.channel() as channel:
                return any(
                    channel.queue_declare(queue=queue, durable=True).message_count
                    for queue in self.queues
                )
        except (BrokerError, *link.connection_errors, *link.channel_errors):
            return False

    def _in_database(self, work: Callable[[str], object]) -> bool:
        """Work for each queue, on a connection that ends before a child could inherit it."""
        try:
            for queue in self.queues:
                work(queue)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The watchdog cannot write to the database: %s", type(error).__name__)
            return False
        else:
            return True
        finally:
            connection.close()
