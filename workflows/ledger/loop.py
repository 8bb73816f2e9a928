"""The sequencer as a process: batch after batch while there is work, cheap looks otherwise."""

import logging
from threading import Event as Flag

from django.db import InterfaceError, OperationalError, connection

from workflows.ledger.models import InboxEntry
from workflows.ledger.sequencer import BATCH_LIMIT, sequence

# Seconds. Lets the next batch gather events, and is how often an empty inbox is looked at. Nobody
# tells the sequencer of an event: a NOTIFY is a commit of its own, and all that notify queue up.
PAUSE = 0.1
PAUSE_AFTER_FAILURE = 2.0

logger = logging.getLogger(__name__)


def run(stop: Flag) -> None:
    """Sequence until `stop` is set; go on when the database comes back after a failure.

    Raises SequencerError when the log cannot go on: that is for a person to look at.
    """
    while not stop.is_set():
        try:
            # The first run of all signs the empty log.
            _batch()
            while not stop.is_set():
                _one_round(stop)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database failed (%s); trying again.", type(error).__name__)
            connection.close()
            stop.wait(PAUSE_AFTER_FAILURE)


def _one_round(stop: Flag) -> None:
    if InboxEntry.objects.exists() and _batch() == BATCH_LIMIT:
        return
    stop.wait(PAUSE)


def _batch() -> int:
    result = sequence()
    if result.appended:
        logger.info("Sequenced %d events; the log has %d.", result.appended, result.size)
    return result.appended
