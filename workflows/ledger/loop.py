"""The sequencer as a process: batch after batch while there is work, cheap looks otherwise."""

import logging
import time
from threading import Event as Flag

from django.db import InterfaceError, OperationalError, connection

from workflows.ledger.models import InboxEntry
from workflows.ledger.sequencer import BATCH_LIMIT, sequence

# Seconds from one batch to the next, in which events gather, and from one look into an empty inbox
# to the next. Nobody tells the sequencer of an event: a NOTIFY is a commit of its own, and all that
# notify queue up.
INTERVAL = 0.1
# Seconds that are left to others when a batch took longer than that.
SHORTEST_PAUSE = 0.01
PAUSE_AFTER_FAILURE = 2.0

logger = logging.getLogger(__name__)


def run(stop: Flag) -> None:
    """Sequence until `stop` is set; go on when the database comes back after a failure.

    Raises SequencerError when the log cannot go on: that is for a person to look at.
    """
    while not stop.is_set():
        try:
            # The first run of all signs the empty log.
            busy = _batch(stop)
            while not stop.is_set():
                busy = _one_round(stop, busy=busy)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database failed (%s); trying again.", type(error).__name__)
            connection.close()
            stop.wait(PAUSE_AFTER_FAILURE)


def _one_round(stop: Flag, *, busy: bool) -> bool:
    """Sequence what is there and tell whether that was anything; where all is quiet, only look."""
    if busy or InboxEntry.objects.exists():
        return _batch(stop)
    stop.wait(INTERVAL)
    return False


def _batch(stop: Flag) -> bool:
    """Sequence one batch and pause, unless it was full; tell whether it took anything in."""
    began = time.monotonic()
    result = sequence()
    if result.appended:
        logger.info("Sequenced %d events; the log has %d.", result.appended, result.size)
    if result.appended < BATCH_LIMIT:
        stop.wait(max(SHORTEST_PAUSE, began + INTERVAL - time.monotonic()))
    return result.appended > 0
