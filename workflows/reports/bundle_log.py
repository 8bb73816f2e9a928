"""The folder `log/` of an export: checkpoints, consistency, and proofs or the whole log."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from workflows.ledger.models import Checkpoint, Event, Leaf
from workflows.ledger.selectors import (
    checkpoint_at,
    consistency_text,
    iter_entry_bundles,
    iter_hash_tiles,
    iter_proofs,
)
from workflows.reports import tables
from workflows.reports.bundle_tables import CASES_AT_ONCE, Advance
from workflows.reports.bundle_zip import Member, member
from workflows.reports.checkpoints import check_continues

ENTRIES_AT_ONCE = 1000

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
    for note in previous:
        size = check_continues(note, checkpoint).size
        if size not in seen:
            seen.add(size)
            ours = checkpoint_at(size)
            yield member(f"log/checkpoints/{size}", (ours.note if ours else note).encode())
            yield member(
                f"log/consistency/{size}-{checkpoint.size}",
                consistency_text(size, checkpoint).encode(),
            )


def write_events(cases: Iterable[CaseSteps], path: Path, size: int) -> "array[int]":
    """Write `events.csv` for cases in their order; return the places of its events in the log.

    Steps that a case was given after its row was written are left out. `size` is that of the log.
    """
    indexes = array("Q")
    with path.open("wb") as target:
        target.write(tables.csv_header(tables.EVENT_COLUMNS))
        for page in _batches(cases):
            steps = {case.pseudonym: case for case in page}
            rows: dict[UUID, list[tuple[int, dict[str, Any]]]] = {}
            leaves = Leaf.objects.filter(event__case__in=steps, index__lt=size)
            for leaf in leaves.select_related("event").order_by("event__case", "event__step"):
                assert leaf.event.case is not None
                rows.setdefault(leaf.event.case, []).append((leaf.index, leaf.event.body))
            for case in page:
                shown = rows[case.pseudonym][: case.steps]
                if len(shown) != case.steps:
                    raise RuntimeError("The log has lost steps that the export has read.")
                for index, entry in shown:
                    target.write(tables.csv_line(tables.event_cells(case.number, index, entry)))
                    indexes.append(index)
    return indexes


def receipt_indexes(register: str, highest: int, size: int) -> "array[int]":
    """Return the places of every `case.received` of a regime, in scope or not."""
    indexes = array("Q")
    last = 0
    while True:
        leaves = Leaf.objects.filter(
            event__register=register,
            event__register_number__gt=last,
            event__register_number__lte=highest,
            index__lt=size,
        )
        page = list(
            leaves.order_by("event__register_number").values_list(
                "event__register_number", "index"
            )[:ENTRIES_AT_ONCE]
        )
        if not page:
            return indexes
        indexes.extend(index for _number, index in page)
        last = page[-1][0] or 0


def proof_members(
    indexes: Iterable[int], checkpoint: Checkpoint, advance: Advance
) -> Iterator[Member]:
    """Yield entry and proof of each place, which must rise; `advance` is told the places done."""
    for page in _batches(indexes, ENTRIES_AT_ONCE):
        leaves = Leaf.objects.filter(index__in=page).select_related("event")
        events: dict[int, Event] = {leaf.index: leaf.event for leaf in leaves}
        for index, proof in iter_proofs(page, checkpoint):
            yield member(f"log/proofs/{index}.entry", bytes(events[index].leaf))
            yield member(f"log/proofs/{index}.tlog-proof", proof.encode())
        advance(len(page))


def whole_log_members(size: int, advance: Advance) -> Iterator[Member]:
    """Yield every hash tile and every entry bundle of the log of `size` entries."""
    for path, content in iter_hash_tiles(size):
        yield member(f"log/{path}", content)
    left = size
    for path, content in iter_entry_bundles(size):
        yield member(f"log/{path}", content)
        done = min(left, 256)
        left -= done
        advance(done)


def _batches(items: Iterable[T], size: int = CASES_AT_ONCE) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
