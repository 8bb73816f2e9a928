"""The regulator's export, whole: tables, statement in the log, proofs, manifest.

An export has two halves with the event `bundle.exported` between them. The first writes the tables
to a folder; the event commits to them; the second writes the ZIP against a checkpoint that covers
the event. The second half can be done again from the folder and the event, with the same result.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from workflows.exports import statement
from workflows.exports.encryption import Writable, encrypt
from workflows.exports.files import (
    Format,
    LeafIndexBitmap,
    Member,
    file_member,
    temporary_work_folder,
    zip_pieces,
)
from workflows.exports.log_folder import (
    CaseSteps,
    add_receipts,
    checkpoint_members,
    entry_bundle_members,
    entry_members,
    hash_tile_members,
    timestamp_members,
    write_events,
)
from workflows.exports.tables import BundleRequest, registered, write_tables
from workflows.ledger.append import format_time
from workflows.ledger.evidence import cosigned_note
from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Checkpoint, Event
from workflows.ledger.selectors import leaf_index
from workflows.oversight.checkpoints import check_previous
from workflows.oversight.row_security import reading_of

Progress = Callable[[int, int], None]


class ProgressMeter:
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
    target: Writable,
    *,
    previous: Iterable[str] = (),
    recipient: str = "",
    progress: Progress = lambda _done, _total: None,
) -> BundleResult:
    """Write the export to `target`, which need not be able to seek.

    `previous` are checkpoints that somebody kept, as signed notes. `recipient` is an age recipient
    to whom the file is encrypted, if any. Raises `InvalidInput` for
    filters that make no sense and for a checkpoint that is not of this log or that the log does
    not continue. Must not run in a transaction.
    """
    request.filters.check()
    previous = list(previous)
    for note in previous:
        check_previous(note)
    with temporary_work_folder() as folder:
        meter = ProgressMeter(total_steps(request), progress)
        counts = write_tables(request, folder, meter.advance)
        event = statement.record(request, counts, folder, str(uuid4()))
        checkpoint = statement.place(event)
        return write_bundle(
            target,
            folder,
            event,
            checkpoint,
            previous=previous,
            recipient=recipient,
            meter=meter,
        )


def total_steps(request: BundleRequest) -> int:
    """Return how many cases and entries an export will have to write, for the progress."""
    cases = request.cases
    events = Event.objects.filter(case__in=cases.values("pseudonym")).count()
    inside = cases.count()
    shows_register = request.filters.shows_register or not request.regime
    receipts = sum(registered(request.regime).values()) if shows_register else 0
    return inside + events + max(0, receipts - inside) + 1


def write_bundle(
    target: Writable,
    folder: Path,
    event: Event,
    checkpoint: Checkpoint,
    *,
    previous: Iterable[str],
    meter: ProgressMeter,
    recipient: str = "",
) -> BundleResult:
    """Write the second half: the ZIP of `folder`, whose files the placed `event` commits to."""
    facts: dict[str, Any] = dict(event.facts)
    # Cosignatures may still come while the proofs are written, and all files show the same note.
    checkpoint.note = cosigned_note(checkpoint)
    counted = _Counted(target)
    with tempfile.TemporaryFile(dir=folder) as spool:
        members = _members(folder, event, checkpoint, previous, meter)
        pieces = zip_pieces(members, lambda: _manifest(event, checkpoint), event.at, spool)
        if recipient:
            encrypt(pieces, counted, recipient)
        else:
            for piece in pieces:
                counted.write(piece)
    return BundleResult(
        counted.size,
        counted.digest.hexdigest(),
        checkpoint.size,
        facts["bundle"],
        facts["cases"],
    )


class _Counted:
    """Passes on to a target what is written, and knows its size and SHA-256."""

    def __init__(self, target: Writable) -> None:
        self._target = target
        self.size, self.digest = 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.digest.update(data)
        self._target.write(data)
        return len(data)

    def flush(self) -> None:
        self._target.flush()


def _members(
    folder: Path,
    event: Event,
    checkpoint: Checkpoint,
    previous: Iterable[str],
    meter: ProgressMeter,
) -> Iterator[Member]:
    facts: dict[str, Any] = dict(event.facts)
    for name in facts["files"]:
        yield file_member(name, folder / name)
    events, places = folder / "events.csv", LeafIndexBitmap(checkpoint.size)
    reading = reading_of(facts["regime"] or "", actor=event.actor)
    bom = Format.BOM in facts["formats"]
    write_events(_cases(folder), events, places, bom=bom, reading=reading)
    yield file_member("events.csv", events)
    yield from checkpoint_members(checkpoint, previous)
    yield from timestamp_members(facts["timestamps"]["count"])
    if facts["regime"] is None:
        yield from hash_tile_members(checkpoint.size)
        yield from entry_bundle_members(checkpoint.size, meter.advance)
        return
    # An export of before the choice was offered shows the register.
    registered = facts["registered"] if facts["filters"].get("register", True) else {}
    for register, highest in registered.items():
        add_receipts(register, highest, places, reading)
    places.add(_place_of(event))
    yield from entry_members(places, checkpoint, folder, meter.advance, reading)


def _cases(folder: Path) -> Iterator[CaseSteps]:
    with (folder / "cases.jsonl").open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            yield CaseSteps(row["number"], UUID(row["case"]), row["steps"])


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
