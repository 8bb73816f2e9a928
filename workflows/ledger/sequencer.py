"""The sequencer: gives events their place in the log, extends the tree, signs the checkpoint.

Each batch is one transaction under one lock. Killed at any point, it leaves nothing behind; two at
once take turns. The checkpoint is stored together with what it covers, and is seen by nobody
before, so that no crash can make the log sign two histories.
"""

import logging
import time
from dataclasses import dataclass
from threading import Event as Flag

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction

from workflows.common.signed_note import Signer, Verifier
from workflows.ledger import merkle
from workflows.ledger.checkpoints import CheckpointError, TreeHead, open_checkpoint
from workflows.ledger.keys import log_signer
from workflows.ledger.models import Checkpoint, InboxEntry
from workflows.ledger.tree import StoredTree, TreeError, split_tile, store_full_tiles

BATCH_LIMIT = 2000
# "ledger" in ASCII: the advisory lock that makes the sequencer one.
LOCK_KEY = 0x6C6564676572

# Which events are new is told by the inbox alone: an event that commits late has a lower id than
# some that are sequenced already. One statement for all, since each further one waits for a
# processor when many clients append. Before the first checkpoint it gives no row and does nothing.
_TAKE = """
WITH last AS (
    SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1
), taken AS (
    DELETE FROM ledger_inbox WHERE EXISTS (SELECT FROM last) AND event_id = ANY (
        ARRAY(SELECT event_id FROM ledger_inbox ORDER BY event_id LIMIT %s)
    ) RETURNING event_id
), placed AS (
    INSERT INTO ledger_leaf (index, event_id)
    SELECT size + row_number() OVER (ORDER BY event_id) - 1, event_id FROM taken, last
    RETURNING index, event_id
), hashed AS (
    SELECT count(*) AS count, string_agg(leaf_hash, '' ORDER BY index) AS hashes
    FROM placed LEFT JOIN ledger_event ON id = event_id
)
SELECT size, note, count, hashes FROM last, hashed
"""

# Seconds from one batch to the next, in which events gather, and from one look into an empty inbox
# to the next. Nobody tells the sequencer of an event: a NOTIFY is a commit of its own, and all that
# notify queue up.
INTERVAL = 0.1
# Seconds that are left to others when a batch took longer than that.
SHORTEST_PAUSE = 0.01
PAUSE_AFTER_FAILURE = 2.0
logger = logging.getLogger(__name__)


class SequencerError(RuntimeError):
    """The stored log disagrees with itself or with the key; nothing was signed or stored."""


@dataclass(frozen=True)
class SequenceResult:
    """What one batch did: events that got their place, and the size of the log after it."""

    appended: int
    size: int


@dataclass(frozen=True)
class _Batch:
    """Size and note of the last checkpoint; the events placed behind it, how many and their hashes.

    An event that does not exist has no hash.
    """

    size: int
    note: str
    count: int
    leaf_hashes: list[bytes]


def sequence(limit: int = BATCH_LIMIT) -> SequenceResult:
    """Take up to `limit` events out of the inbox into the log, and sign the new checkpoint.

    Waits while another sequencer is at it. The first run signs a checkpoint of the empty log.
    Raises SequencerError.
    """
    signer = log_signer()
    with transaction.atomic(durable=True):
        _take_lock()
        batch = _take(limit)
        if batch is None:
            _store_checkpoint(signer, TreeHead(signer.verifier.name, 0, merkle.EMPTY_ROOT))
            batch = _take(limit)
        assert batch is not None
        try:
            head = _extend(signer.verifier, batch)
        except (CheckpointError, TreeError, merkle.ProofError) as error:
            raise SequencerError(
                f"The log cannot go on from its checkpoint of size {batch.size}. {error}"
            ) from error
        if head.size > batch.size:
            _store_checkpoint(signer, head)
        return SequenceResult(appended=head.size - batch.size, size=head.size)


def drain_inbox() -> int:
    """Sequence until the inbox is empty, and return the size of the log."""
    while True:
        result = sequence()
        if not result.appended:
            return result.size


def _take_lock() -> None:
    with connection.cursor() as cursor:
        # A sequencer whose machine froze must not hold the lock for ever.
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', '30s', true),"
            " pg_advisory_xact_lock(%s)",
            [LOCK_KEY],
        )


def _take(limit: int) -> _Batch | None:
    """Move up to `limit` events from the inbox to their places; None before the first checkpoint.

    The places begin at the size of the last checkpoint.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [limit])
            row: tuple[int, str, int, bytes | None] | None = cursor.fetchone()
    except IntegrityError as error:
        raise SequencerError(
            f"The log cannot go on from its checkpoint: a place behind it is taken. {error}"
        ) from error
    if row is None:
        return None
    size, note, count, hashes = row
    return _Batch(size, note, count, split_tile(bytes(hashes or b"")))


def _extend(log: Verifier, batch: _Batch) -> TreeHead:
    """Store the tiles of the new leaves; return the new head, proved to continue the last one."""
    signed = open_checkpoint(batch.note, log)
    if signed.size != batch.size:
        raise CheckpointError(f"The note says size {signed.size}.")
    if len(batch.leaf_hashes) != batch.count:
        raise TreeError("The inbox names an event that does not exist.")
    if not batch.count:
        return signed
    store_full_tiles(batch.size, batch.leaf_hashes)
    # The root comes from what is stored, not from what was meant to be.
    size = batch.size + batch.count
    root, proof = StoredTree(size).continuation(signed.size)
    if signed.size:
        merkle.verify_consistency(signed.size, size, signed.root, root, proof)
    return TreeHead(log.name, size, root)


def _store_checkpoint(signer: Signer, head: TreeHead) -> None:
    note = signer.sign(head.format())
    Checkpoint.objects.create(size=head.size, root=head.root, note=note)


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
