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
from workflows.ledger.models import Checkpoint, InboxEntry, Leaf
from workflows.ledger.note import Signer, Verifier
from workflows.ledger.tree import StoredTree, TreeError, store_full_tiles

BATCH_LIMIT = 2000
# "ledger" in ASCII: the advisory lock that makes the sequencer one.
LOCK_KEY = 0x6C6564676572


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
        # Which events are new is told by the inbox alone: an event that commits late has a lower
        # id than some that are sequenced already.
        inbox = InboxEntry.objects.order_by("event_id").values_list("event_id", "event__leaf_hash")
        waiting = [(event_id, bytes(leaf_hash)) for event_id, leaf_hash in inbox[:limit]]
        if not waiting:
            return SequenceResult(appended=0, size=last.size)
        try:
            head = _extend(signer.verifier, last, waiting)
        except (CheckpointError, TreeError, merkle.ProofError) as error:
            raise SequencerError(
                f"The log cannot go on from its checkpoint of size {last.size}. {error}"
            ) from error
        _store_checkpoint(signer, head)
        return SequenceResult(appended=len(waiting), size=head.size)


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


def _extend(log: Verifier, last: Checkpoint, waiting: list[tuple[int, bytes]]) -> TreeHead:
    """Store the new leaves and tiles; return the new head, proved to continue the last one."""
    signed = open_checkpoint(last.note, log)
    if signed.size != last.size:
        raise CheckpointError(f"The note says size {signed.size}.")
    store_full_tiles(last.size, [leaf_hash for _, leaf_hash in waiting])
    event_ids = [event_id for event_id, _ in waiting]
    Leaf.objects.bulk_create(
        Leaf(index=index, event_id=event_id)
        for index, event_id in enumerate(event_ids, start=last.size)
    )
    InboxEntry.objects.filter(event_id__in=event_ids).delete()
    # The root comes from what is stored, not from what was meant to be.
    tree = StoredTree(last.size + len(waiting))
    root = tree.root()
    if signed.size:
        proof = tree.consistency_proof(signed.size)
        merkle.verify_consistency(signed.size, tree.size, signed.root, root, proof)
    return TreeHead(log.name, tree.size, root)


def _store_checkpoint(signer: Signer, head: TreeHead) -> Checkpoint:
    note = signer.sign(head.format())
    return Checkpoint.objects.create(size=head.size, root=head.root, note=note)
