"""The folder `log/` of an export: checkpoints, consistency, and the entries with what proves them.

A scoped export brings one proof an entry, which anybody can check with a small tool. Beyond
`PROOFS_UP_TO` entries it brings the hash tiles of the log instead: they prove the same, are forty
times smaller, and keep the ZIP at a few thousand files. An export of the whole log has the tiles
and the bundles of all entries. See docs/decisions/0008-large-exports.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from workflows.common import csv_lines
from workflows.exports import rows
from workflows.exports.files import LeafIndexBitmap, Member, file_member, member
from workflows.exports.tables import CASES_AT_ONCE, Advance
from workflows.ledger.evidence import (
    cosigned_note,
    first_timestamps,
    newest_cosigned,
    timestamps_up_to,
)
from workflows.ledger.models import Checkpoint, Event, Leaf, Timestamp
from workflows.ledger.selectors import (
    checkpoint_at,
    consistency_text,
    iter_entry_bundles,
    iter_hash_tiles,
    iter_proofs,
)
from workflows.oversight.checkpoints import check_continues
from workflows.oversight.row_security import ReadTransaction

ENTRIES_AT_ONCE = 1000
PROOFS_UP_TO = 10_000
ENTRIES = "log/entries.txt"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CaseSteps:
    """What the second half of an export must know of a case: number, pseudonym, steps shown."""

    number: str
    pseudonym: UUID
    steps: int


def checkpoint_members(checkpoint: Checkpoint, previous: Iterable[str]) -> Iterator[Member]:
    """Yield the checkpoint, the earlier ones in `previous`, and the proofs between them.

    Raises `InvalidInput` when the log does not continue one of them.
    """
    yield member("log/checkpoint", checkpoint.note.encode())
    # From the empty log and from the same size there is nothing to prove.
    seen = {0, checkpoint.size}
    for note in [*previous, *_evident_notes(checkpoint.size)]:
        size = check_continues(note, checkpoint).size
        if size not in seen:
            seen.add(size)
            ours = checkpoint_at(size)
            shown = cosigned_note(ours) if ours else note
            yield member(f"log/checkpoints/{size}", shown.encode())
            yield member(
                f"log/consistency/{size}-{checkpoint.size}",
                consistency_text(size, checkpoint).encode(),
            )


def _evident_notes(size: int) -> Iterator[str]:
    """Yield the earlier checkpoints that somebody else has dated or signed."""
    cosigned = newest_cosigned(size)
    if cosigned is not None:
        yield cosigned.note
    for timestamp in timestamps_up_to(size):
        yield timestamp.checkpoint.note


def timestamp_members(count: int) -> Iterator[Member]:
    """Yield the first `count` timestamps and the notes that they are on."""
    for timestamp in first_timestamps(count):
        for name, content in _timestamp_files(timestamp):
            yield member(name, content)


def timestamp_facts() -> dict[str, int | str]:
    """Return what `bundle.exported` says of the timestamps: how many, and one hash over them all.

    One hash, because an entry has at most 65,535 bytes, and there is a timestamp for each day. It
    is SHA-256 over a line `<SHA-256> <name>` for each file, by name.
    """
    timestamps = list(first_timestamps())
    lines = sorted(
        (name, f"{sha256(content).hexdigest()} {name}\n")
        for timestamp in timestamps
        for name, content in _timestamp_files(timestamp)
    )
    digest = sha256("".join(line for _name, line in lines).encode()).hexdigest()
    return {"count": len(timestamps), "sha256": digest}


def _timestamp_files(timestamp: Timestamp) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a timestamp. The note is as it was dated: without cosignatures."""
    name = f"log/timestamps/{timestamp.checkpoint_id}"
    yield f"{name}.checkpoint", timestamp.checkpoint.note.encode()
    yield f"{name}.tsr", bytes(timestamp.response)


def write_events(
    cases: Iterable[CaseSteps],
    path: Path,
    places: LeafIndexBitmap,
    *,
    bom: bool,
    reading: ReadTransaction,
) -> None:
    """Write `events.csv` for cases in their order, and add the places of its events to `places`.

    Steps that a case was given after its row was written are left out. `reading` gives the
    transaction in which a page is read, here and below.
    """
    with path.open("wb") as target:
        target.write(csv_lines.csv_header(rows.EVENT_COLUMNS, bom=bom))
        for page in _batches(cases):
            steps = {case.pseudonym: case for case in page}
            entries: dict[UUID, list[tuple[int, dict[str, Any]]]] = {}
            leaves = Leaf.objects.filter(event__case__in=steps, index__lt=places.size)
            with reading():
                for leaf in leaves.select_related("event").order_by("event__case", "event__step"):
                    assert leaf.event.case is not None
                    entries.setdefault(leaf.event.case, []).append((leaf.index, leaf.event.body))
            for case in page:
                shown = entries[case.pseudonym][: case.steps]
                if len(shown) != case.steps:
                    raise RuntimeError("The log has lost steps that the export has read.")
                for index, entry in shown:
                    target.write(csv_lines.csv_line(rows.event_cells(case.number, index, entry)))
                    places.add(index)


def add_receipts(
    register: str, highest: int, places: LeafIndexBitmap, reading: ReadTransaction
) -> None:
    """Add the place of every `case.received` of a regime, in scope or not."""
    last = 0
    while True:
        leaves = Leaf.objects.filter(
            event__register=register,
            event__register_number__gt=last,
            event__register_number__lte=highest,
            index__lt=places.size,
        )
        with reading():
            page = list(
                leaves.order_by("event__register_number").values_list(
                    "event__register_number", "index"
                )[:ENTRIES_AT_ONCE]
            )
        if not page:
            return
        for _number, index in page:
            places.add(index)
        last = page[-1][0] or 0


def entry_members(
    places: LeafIndexBitmap,
    checkpoint: Checkpoint,
    folder: Path,
    advance: Advance,
    reading: ReadTransaction,
) -> Iterator[Member]:
    """Yield the entries of a scoped export and what proves that they are in the log.

    `folder` takes a temporary file; `advance` is told the entries done.
    """
    if len(places) <= PROOFS_UP_TO:
        yield from _proof_members(places, checkpoint, advance, reading)
        return
    yield from hash_tile_members(checkpoint.size)
    path = folder / Path(ENTRIES).name
    with path.open("wb") as target:
        for page in _pages(places, reading):
            for index, event in page:
                target.write(b"%d %b\n" % (index, bytes(event.leaf)))
            advance(len(page))
    yield file_member(ENTRIES, path)
    path.unlink()


def hash_tile_members(size: int) -> Iterator[Member]:
    """Yield every hash tile of the log of `size` entries."""
    for path, content in iter_hash_tiles(size):
        yield member(f"log/{path}", content)


def entry_bundle_members(size: int, advance: Advance) -> Iterator[Member]:
    """Yield every bundle of entries of the log of `size` entries."""
    left = size
    for path, content in iter_entry_bundles(size):
        yield member(f"log/{path}", content)
        done = min(left, 256)
        left -= done
        advance(done)


def _proof_members(
    places: LeafIndexBitmap, checkpoint: Checkpoint, advance: Advance, reading: ReadTransaction
) -> Iterator[Member]:
    for page in _pages(places, reading):
        events = dict(page)
        for index, proof in iter_proofs(events, checkpoint):
            yield member(f"log/proofs/{index}.entry", bytes(events[index].leaf))
            yield member(f"log/proofs/{index}.tlog-proof", proof.encode())
        advance(len(page))


def _pages(places: LeafIndexBitmap, reading: ReadTransaction) -> Iterator[list[tuple[int, Event]]]:
    """Yield the events at `places` with their places, rising, a page at a time."""
    for page in _batches(places, ENTRIES_AT_ONCE):
        leaves = Leaf.objects.filter(index__in=page).select_related("event").order_by("index")
        with reading():
            events = [(leaf.index, leaf.event) for leaf in leaves]
        yield events


def _batches(items: Iterable[T], size: int = CASES_AT_ONCE) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
