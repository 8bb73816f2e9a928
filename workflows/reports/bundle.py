"""The regulator's export, whole: tables, statement in the log, proofs, manifest.

An export has two halves with the event `bundle.exported` between them. The first writes the tables
to a folder; the event commits to them; the second writes the ZIP against a checkpoint that covers
the event. The second half can be done again from the folder and the event, with the same result.
"""

import hashlib
import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Checkpoint, Event
from workflows.ledger.selectors import leaf_index
from workflows.ledger.services import format_time
from workflows.reports import bundle_statement
from workflows.reports.bundle_log import (
    CaseSteps,
    checkpoint_members,
    proof_members,
    receipt_indexes,
    whole_log_members,
    write_events,
)
from workflows.reports.bundle_tables import FILES, BundleRequest, registered, write_tables
from workflows.reports.bundle_zip import Member, file_member, zip_pieces
from workflows.reports.checkpoints import check_previous

Progress = Callable[[int, int], None]


class Meter:
    """Counts what is done out of a total, and tells it to `report`."""

    def __init__(self, total: int, report: Progress, done: int = 0) -> None:
        self.done, self.total, self._report = done, max(total, done), report

    def advance(self, more: int) -> None:
        """Count `more` cases or entries as done."""
        self.done += more
        self._report(min(self.done, self.total), self.total)


@dataclass(frozen=True, slots=True)
class BundleResult:
    """What was written: size in bytes, hex SHA-256, size of the log, id and cases of the export."""

    size: int
    sha256: str
    log_size: int
    bundle: str
    cases: int


def export_bundle(
    request: BundleRequest,
    target: BinaryIO,
    *,
    previous: Iterable[str] = (),
    progress: Progress = lambda _done, _total: None,
) -> BundleResult:
    """Write the export to `target`, which need not be able to seek.

    `previous` are checkpoints that somebody kept, as signed notes. Raises `InvalidInput` for
    filters that make no sense and for a checkpoint that is not of this log or that the log does
    not continue. Must not run in a transaction.
    """
    request.filters.check()
    previous = list(previous)
    for note in previous:
        check_previous(note)
    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        folder = Path(name)
        meter = Meter(steps_ahead(request), progress)
        counts = write_tables(request, folder, meter.advance)
        event = bundle_statement.record(request, counts, folder, str(uuid4()))
        checkpoint = bundle_statement.place(event)
        return write_bundle(target, folder, event, checkpoint, previous=previous, meter=meter)


def steps_ahead(request: BundleRequest) -> int:
    """Return how many cases and entries an export will have to write, for the progress."""
    cases = request.cases
    events = Event.objects.filter(case__in=cases.values("pseudonym")).count()
    inside = cases.count()
    return inside + events + max(0, sum(registered(request.regime).values()) - inside) + 1


def write_bundle(
    target: BinaryIO,
    folder: Path,
    event: Event,
    checkpoint: Checkpoint,
    *,
    previous: Iterable[str],
    meter: Meter,
) -> BundleResult:
    """Write the second half: the ZIP of `folder`, whose files the placed `event` commits to."""
    facts: dict[str, Any] = dict(event.facts)
    digest = hashlib.sha256()
    size = 0
    with tempfile.TemporaryFile(dir=folder) as spool:
        members = _members(folder, event, checkpoint, previous, meter)
        for piece in zip_pieces(members, lambda: _manifest(event, checkpoint), event.at, spool):
            digest.update(piece)
            size += len(piece)
            target.write(piece)
    return BundleResult(size, digest.hexdigest(), checkpoint.size, facts["bundle"], facts["cases"])


def _members(
    folder: Path, event: Event, checkpoint: Checkpoint, previous: Iterable[str], meter: Meter
) -> Iterator[Member]:
    for name in FILES:
        yield file_member(name, folder / name)
    facts: dict[str, Any] = dict(event.facts)
    events = folder / "events.csv"
    indexes = write_events(_cases(folder), events, checkpoint.size)
    yield file_member("events.csv", events)
    yield from checkpoint_members(checkpoint, previous)
    if facts["regime"] is None:
        yield from whole_log_members(checkpoint.size, meter.advance)
        return
    for register, highest in facts["registered"].items():
        indexes.extend(receipt_indexes(register, highest, checkpoint.size))
    indexes.append(_place_of(event))
    yield from proof_members(_rising(indexes), checkpoint, meter.advance)


def _cases(folder: Path) -> Iterator[CaseSteps]:
    with (folder / "cases.jsonl").open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            yield CaseSteps(row["number"], UUID(row["case"]), row["steps"])


def _rising(indexes: "array[int]") -> Iterator[int]:
    """Yield each place once, in order."""
    last = -1
    for index in sorted(indexes):
        if index != last:
            yield index
        last = index


def _place_of(event: Event) -> int:
    index = leaf_index(event)
    assert index is not None
    return index


def _manifest(event: Event, checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the manifest but for its hashes; it repeats the event, so that people can read it."""
    facts: dict[str, Any] = dict(event.facts)
    del facts["files"]
    return {
        **facts,
        "made_at": format_time(event.at),
        "made_by": event.role,
        "log": {"origin": log_verifier().name, "size": checkpoint.size},
        "statement": _place_of(event),
    }
