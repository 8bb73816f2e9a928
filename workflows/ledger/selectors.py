"""Reading the log: checkpoints, proofs, tiles, entries. Reads only."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, QuerySet

from workflows.ledger.checkpoints import AddCheckpoint, TlogProof
from workflows.ledger.evidence import cosigned_note, newest_cosigned, published_checkpoint
from workflows.ledger.models import Checkpoint, Event, InboxEntry, Leaf, Timestamp
from workflows.ledger.tiles import (
    TILE_WIDTH,
    TileError,
    TileRef,
    bundles_at,
    encode_bundle,
    parse_path,
    tiles_at,
    width_at,
)
from workflows.ledger.tree import StoredTree

_ENTRIES_AT_ONCE = 1024
_CHECKPOINTS_AT_ONCE = 1000
_NOTE = "text/plain; charset=utf-8"
_SIZE = "0|[1-9][0-9]{0,17}"
_EARLIER = re.compile(rf"checkpoints/(?P<note>{_SIZE})|timestamps/(?P<stamp>{_SIZE})\.tsr")


@dataclass(frozen=True)
class Backlog:
    """Events that wait for their place in the log: how many, and since when the oldest."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True)
class LogFile:
    """A file of the log as it is served. What is `immutable` may be cached for ever."""

    body: bytes
    content_type: str
    immutable: bool


# --- Checkpoints --------------------------------------------------------------------------------
def latest_checkpoint() -> Checkpoint | None:
    """Return the newest checkpoint; None before the sequencer ran for the first time."""
    return Checkpoint.objects.order_by("-size").first()


def checkpoint_at(size: int) -> Checkpoint | None:
    """Return the checkpoint of exactly this size, if one was signed."""
    return Checkpoint.objects.filter(size=size).first()


def iter_checkpoints(after: int = -1) -> Iterator[Checkpoint]:
    """Yield the checkpoints of a size above `after`, smallest first."""
    while True:
        rows = list(
            Checkpoint.objects.filter(size__gt=after).order_by("size")[:_CHECKPOINTS_AT_ONCE]
        )
        yield from rows
        if len(rows) < _CHECKPOINTS_AT_ONCE:
            return
        after = rows[-1].size


def backlog() -> Backlog:
    """Tell how many events have no place in the log yet."""
    row = InboxEntry.objects.aggregate(count=Count("event_id"), oldest=Min("at"))
    return Backlog(row["count"], row["oldest"])


# --- Events -------------------------------------------------------------------------------------
def events_of_case(case: UUID) -> QuerySet[Event]:
    """Return the events of a case by their step, whether sequenced or not."""
    return Event.objects.filter(case=case).order_by("step")


def leaf_index(event: Event) -> int | None:
    """Return the place of an event in the log; None until it is sequenced."""
    return Leaf.objects.filter(event=event).values_list("index", flat=True).first()


def entry(index: int) -> Event:
    """Return the event at a place of the log. Raises Event.DoesNotExist."""
    return Event.objects.get(place__index=index)


def iter_entries(start: int, end: int) -> Iterator[tuple[int, Event]]:
    """Yield the events at the places `start` to `end` - 1, in order, few at a time."""
    for first in range(start, end, _ENTRIES_AT_ONCE):
        leaves = Leaf.objects.filter(index__gte=first, index__lt=min(first + _ENTRIES_AT_ONCE, end))
        for leaf in leaves.select_related("event").order_by("index"):
            yield leaf.index, leaf.event


# --- Proofs -------------------------------------------------------------------------------------
def inclusion_proof(index: int, size: int) -> list[bytes]:
    """Return the hashes that prove leaf `index` in the log of `size` leaves, its sibling first.

    Raises ValueError when the leaf is not in that log, TreeError when the log is smaller.
    """
    return StoredTree(size).inclusion_proof(index)


def consistency_proof(old: int, new: int) -> list[bytes]:
    """Return the hashes that prove that the log of `new` leaves continues that of `old` leaves.

    Raises ValueError when `old` is beyond `new`, TreeError when the log is smaller than `new`.
    """
    return StoredTree(new).consistency_proof(old)


def proof_text(event: Event, checkpoint: Checkpoint | None = None) -> str | None:
    """Return the `.tlog-proof` file of an event against a checkpoint, with its cosignatures.

    By default that is the newest which a witness has signed if the event lies before it, else the
    newest. None while the event is not covered by the checkpoint.
    """
    index = leaf_index(event)
    if index is None:
        return None
    checkpoint = checkpoint or _checkpoint_over(index)
    if checkpoint is None or index >= checkpoint.size:
        return None
    hashes = StoredTree(checkpoint.size).inclusion_proof(index)
    return TlogProof(index, tuple(hashes), cosigned_note(checkpoint)).format()


def _checkpoint_over(index: int) -> Checkpoint | None:
    newest = latest_checkpoint()
    cosigned = None if newest is None else newest_cosigned(newest.size)
    return cosigned if cosigned is not None and index < cosigned.size else newest


def iter_proofs(indexes: Iterable[int], checkpoint: Checkpoint) -> Iterator[tuple[int, str]]:
    """Yield (index, `.tlog-proof` file) for places of the log against one checkpoint.

    Rising indexes share most of their reads. Raises ValueError for one beyond the checkpoint.
    """
    tree = StoredTree(checkpoint.size)
    for index in indexes:
        proof = TlogProof(index, tuple(tree.inclusion_proof(index)), checkpoint.note)
        yield index, proof.format()


def consistency_text(old: int, checkpoint: Checkpoint) -> str:
    """Return the `add-checkpoint` body which proves that a checkpoint continues size `old`.

    Raises ValueError when `old` is beyond the checkpoint.
    """
    hashes = StoredTree(checkpoint.size).consistency_proof(old)
    return AddCheckpoint(old, tuple(hashes), checkpoint.note).format()


# --- Files of the log ---------------------------------------------------------------------------
Skip = Callable[[str], bool]


def _skip_none(_path: str) -> bool:
    return False


def iter_hash_tiles(size: int, *, skip: Skip = _skip_none) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of every hash tile of the log of `size` leaves.

    One whose path is to be skipped is not read.
    """
    for ref in tiles_at(size):
        if not skip(ref.path):
            yield ref.path, _hash_tile(ref, size)


def iter_entry_bundles(size: int, *, skip: Skip = _skip_none) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of every entry bundle of the log of `size` leaves.

    One whose path is to be skipped is not read.
    """
    for ref in bundles_at(size):
        if not skip(ref.path):
            yield ref.path, _entry_bundle(ref)


def public_file(path: str) -> LogFile | None:
    """Return what anybody may read, or None.

    `checkpoint` with its cosignatures, hash tiles, `checkpoints/<size>` and the timestamp on it,
    `timestamps/<size>.tsr`.
    """
    checkpoint = latest_checkpoint()
    if checkpoint is None:
        return None
    if path == "checkpoint":
        published = published_checkpoint() or checkpoint
        return LogFile(cosigned_note(published).encode(), _NOTE, immutable=False)
    if path.startswith(("checkpoints/", "timestamps/")):
        return _earlier_file(path)
    ref = _covered(path, checkpoint.size)
    if ref is None or ref.level is None:
        return None
    return LogFile(_hash_tile(ref, checkpoint.size), "application/octet-stream", immutable=True)


def _earlier_file(path: str) -> LogFile | None:
    """Return an earlier checkpoint, exactly as it was timestamped, or its timestamp."""
    match = _EARLIER.fullmatch(path)
    checkpoint = None if match is None else checkpoint_at(int(match["note"] or match["stamp"]))
    if match is None or checkpoint is None:
        return None
    if match["note"]:
        return LogFile(checkpoint.note.encode(), _NOTE, immutable=True)
    timestamp = Timestamp.objects.filter(checkpoint=checkpoint).first()
    if timestamp is None:
        return None
    return LogFile(bytes(timestamp.response), "application/timestamp-reply", immutable=True)


def _covered(path: str, size: int) -> TileRef | None:
    """Read a path and return the tile it names if the log of `size` leaves holds that much."""
    try:
        ref = parse_path(path)
    except TileError:
        return None
    return ref if ref.width <= width_at(ref.level or 0, ref.index, size) else None


def _hash_tile(ref: TileRef, size: int) -> bytes:
    assert ref.level is not None
    return b"".join(StoredTree(size).hashes(ref.level, ref.index)[: ref.width])


def _entry_bundle(ref: TileRef) -> bytes:
    start = ref.index * TILE_WIDTH
    return encode_bundle([bytes(event.leaf) for _, event in iter_entries(start, start + ref.width)])
