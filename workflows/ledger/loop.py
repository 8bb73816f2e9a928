"""The sequencer as a process: batch after batch while there is work, cheap waiting otherwise."""

import logging
from threading import Event as Flag

from django.db import InterfaceError, OperationalError, connection

from workflows.ledger.sequencer import BATCH_LIMIT, sequence
from workflows.ledger.services import WAKE_CHANNEL

# Seconds. A pause after each batch that was not full lets the next one gather events.
PAUSE_AFTER_BATCH = 0.1
# How long a lost notification can delay an event, and how long a stop can take.
IDLE_WAIT = 0.5
PAUSE_AFTER_FAILURE = 2.0

logger = logging.getLogger(__name__)


def run(stop: Flag) -> None:
    """Sequence until `stop` is set; go on when the database comes back after a failure.

    Raises SequencerError when the log cannot go on: that is for a person to look at.
    """
    while not stop.is_set():
        try:
            _listen()
            while not stop.is_set():
                _one_round(stop)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database failed (%s); trying again.", type(error).__name__)
            connection.close()
            stop.wait(PAUSE_AFTER_FAILURE)


def _one_round(stop: Flag) -> None:
    result = sequence()
    if result.appended:
        logger.info("Sequenced %d events; the log has %d.", result.appended, result.size)
    if result.appended == BATCH_LIMIT:
        return
    if result.appended:
        stop.wait(PAUSE_AFTER_BATCH)
    else:
        _wait_for_event()


def _listen() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {WAKE_CHANNEL}")


def _wait_for_event() -> None:
    # Below Django's cursors: without this, a lost connection would not look like one of its errors.
    with connection.wrap_database_errors:
        for _ in connection.connection.notifies(timeout=IDLE_WAIT, stop_after=1):
            pass
