"""The sequencer: gives events their place in the log, extends the tree, signs the checkpoint.

Each batch is one transaction under one lock. Killed at any point, it leaves nothing behind; two at
once take turns. The checkpoint is stored together with what it covers, and is seen by nobody
before, so that no crash can make the log sign two histories.
"""

from dataclasses import dataclass

from django.db import connection, transaction

from workflows.ledger import merkle
from workflows.ledger.checkpoint import CheckpointError, TreeHead, open_checkpoint
from workflows.ledger.keys import log_signer
from workflows.ledger.models import Checkpoint, InboxEntry
from workflows.ledger.note import Signer, Verifier
from workflows.ledger.tree import StoredTree, TreeError, store_full_tiles

BATCH_LIMIT = 2000
# "ledger" in ASCII: the advisory lock that makes the sequencer one.
LOCK_KEY = 0x6C6564676572

# Which events are new is told by the inbox alone: an event that commits late has a lower id than
# some that are sequenced already.
_PLACE = """
WITH taken AS (
    DELETE FROM ledger_inbox WHERE event_id = ANY (
        ARRAY(SELECT event_id FROM ledger_inbox ORDER BY event_id LIMIT %s)
    ) RETURNING event_id
), placed AS (
    INSERT INTO ledger_leaf (index, event_id)
    SELECT %s + row_number() OVER (ORDER BY event_id) - 1, event_id FROM taken
    RETURNING index, event_id
)
SELECT leaf_hash FROM placed LEFT JOIN ledger_event ON id = event_id ORDER BY index
"""


class SequencerError(RuntimeError):
    """The stored log disagrees with itself or with the key; nothing was signed or stored."""


@dataclass(frozen=True)
class SequenceResult:
    """What one batch did: events that got their place, and the size of the log after it."""

    appended: int
    size: int


def sequence(limit: int = BATCH_LIMIT) -> SequenceResult:
    """Take up to `limit` events out of the inbox into the log, and sign the new checkpoint.

    Waits while another sequencer is at it. The first run signs a checkpoint of the empty log.
    Raises SequencerError.
    """
    signer = log_signer()
    with transaction.atomic(durable=True):
        _take_lock()
        last = Checkpoint.objects.order_by("-size").first()
        if last is None:
            last = _store_checkpoint(signer, TreeHead(signer.verifier.name, 0, merkle.EMPTY_ROOT))
        if not limit or not InboxEntry.objects.exists():
            return SequenceResult(appended=0, size=last.size)
        try:
            head = _extend(signer.verifier, last, limit)
        except (CheckpointError, TreeError, merkle.ProofError) as error:
            raise SequencerError(
                f"The log cannot go on from its checkpoint of size {last.size}. {error}"
            ) from error
        _store_checkpoint(signer, head)
        return SequenceResult(appended=head.size - last.size, size=head.size)


def sequence_all() -> int:
    """Sequence until the inbox is empty, and return the size of the log."""
    while True:
        result = sequence()
        if not result.appended:
            return result.size


def _take_lock() -> None:
    with connection.cursor() as cursor:
        # A sequencer whose machine froze must not hold the lock for ever.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '30s'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])


def _extend(log: Verifier, last: Checkpoint, limit: int) -> TreeHead:
    """Store the new leaves and tiles; return the new head, proved to continue the last one."""
    signed = open_checkpoint(last.note, log)
    if signed.size != last.size:
        raise CheckpointError(f"The note says size {signed.size}.")
    leaf_hashes = _place(last.size, limit)
    store_full_tiles(last.size, leaf_hashes)
    # The root comes from what is stored, not from what was meant to be.
    tree = StoredTree(last.size + len(leaf_hashes))
    root = tree.root()
    if signed.size:
        proof = tree.consistency_proof(signed.size)
        merkle.verify_consistency(signed.size, tree.size, signed.root, root, proof)
    return TreeHead(log.name, tree.size, root)


def _place(size: int, limit: int) -> list[bytes]:
    """Move up to `limit` events from the inbox to places from `size` on; return their hashes."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [limit, size])
        rows: list[tuple[memoryview | bytes | None]] = cursor.fetchall()
    if any(leaf_hash is None for (leaf_hash,) in rows):
        raise TreeError("The inbox names an event that does not exist.")
    return [bytes(leaf_hash) for (leaf_hash,) in rows if leaf_hash is not None]


def _store_checkpoint(signer: Signer, head: TreeHead) -> Checkpoint:
    note = signer.sign(head.format())
    return Checkpoint.objects.create(size=head.size, root=head.root, note=note)
