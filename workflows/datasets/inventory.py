"""Reads a snapshot once, when it is registered: counts its records, hashes its files, checks both.

What was read stays when the reader is killed, so that a large snapshot is not begun anew.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.common.errors import InvalidEntry
from workflows.corpus.columns import Batch, Candidate, all_lines
from workflows.corpus.formats.protocol import Shard
from workflows.corpus.formats.registry import read_batches
from workflows.corpus.formats.shards import file_shards
from workflows.corpus.values import FORMATS, ReadError, ReadProblem, ReadStats, Schema
from workflows.datasets.locations import files_of, path_of, shards_of
from workflows.datasets.models import Snapshot, SnapshotFile
from workflows.datasets.read_errors import read_error_text
from workflows.datasets.register import READ, UNREAD, mark_unreadable
from workflows.datasets.signals import version_read
from workflows.ledger.append import append
from workflows.outbox.long_work import advisory_lock, enqueue_task
from workflows.vocabulary.roles import Role

# Lines at the beginning of a file that are read as records, to see whether they are.
SAMPLE = 1000
_CHUNK = 4 * 1024 * 1024

logger = logging.getLogger(__name__)

Progress = Callable[[float], None]


def read_snapshot(snapshot_id: int | str) -> None:
    """Read a snapshot that was not read yet, unless another process does; ends readable or not."""
    with advisory_lock(READ, str(snapshot_id)) as free:
        if not free:
            return
        unread = Snapshot.objects.filter(pk=snapshot_id, state__in=UNREAD)
        if not unread.update(state=Snapshot.State.READING):
            return
        snapshot = Snapshot.objects.get(pk=snapshot_id)
        try:
            _read(snapshot)
        except ReadError as error:
            mark_unreadable(snapshot, error.problem, error.about)
        else:
            _mark_readable(snapshot)


def probe(snapshot: Snapshot) -> None:
    """Read the beginning of a snapshot, to see whether there is one.

    Raises `ReadError` for a place that does not exist, holds no such data, or lacks the fields.
    """
    first = shards_of(snapshot)[0]
    for batch in read_batches(first, snapshot.schema, _Sample()):
        _check_sample(batch, first, snapshot.schema)
        return


def check_location(snapshot: Snapshot, before: Snapshot) -> None:
    """Refuse a location that was mistyped, while whoever typed it is still there.

    `before` is from which it was made. Raises `InvalidEntry`.
    """
    try:
        probe(snapshot)
        old = snapshot.traits.has_files and path_of(before)
        if old and path_of(snapshot) == old:
            raise InvalidEntry({"location": [_("The old snapshot lies there. Name the new one.")]})
    except ReadError as error:
        raise InvalidEntry({"location": [read_error_text(error.problem, error.about)]}) from error


def _mark_readable(snapshot: Snapshot) -> None:
    listing = hashlib.sha256()
    for path, sha256 in snapshot.files.values_list("path", "sha256"):
        listing.update(f"{sha256}  {path}\n".encode())
    with transaction.atomic():
        Snapshot.objects.filter(pk=snapshot.pk).update(
            read_at=timezone.now(),
            state=Snapshot.State.READABLE,
            problem="",
            problem_about="",
            rows=snapshot.rows,
            bytes=snapshot.bytes,
        )
        facts = {"rows": snapshot.rows, "bytes": snapshot.bytes, "files": listing.hexdigest()}
        append(name="snapshot.read", role=Role.SYSTEM, facts={"snapshot": snapshot.pk, **facts})
        # What was taken out of other snapshots must not come back with this one.
        enqueue_task("corrections.guard_snapshot", str(snapshot.pk), about=str(snapshot.pk))
        if snapshot.parent_id is not None:
            version_read.send(Snapshot, snapshot=snapshot)


def _read(snapshot: Snapshot) -> None:
    if snapshot.traits.has_files:
        _read_files(snapshot)
    else:
        _read_table(snapshot)


def _read_table(snapshot: Snapshot) -> None:
    pieces = shards_of(snapshot)
    total = ReadStats()
    for number, shard in enumerate(pieces):
        _report(snapshot, number, len(pieces))
        for batch in read_batches(shard, snapshot.schema, _nowhere):
            total.add(batch.figures)
    snapshot.rows, snapshot.bytes = total.rows, total.bytes
    if not total.rows:
        raise ReadError("The table is empty.", ReadProblem.EMPTY, snapshot.location)


def _read_files(snapshot: Snapshot) -> None:
    files = files_of(snapshot)
    sizes = [path.stat().st_size for path, _name in files]
    known = {file.path: file for file in snapshot.files.all()}
    done = rows = 0
    for (path, name), size in zip(files, sizes, strict=True):
        file = known.get(name)
        if file is None or file.bytes != size:

            def progress(part: float, before: int = done, size: int = size) -> None:
                _report(snapshot, before + int(part * size), sum(sizes))

            counted = _count(path, name, snapshot.schema, progress)
            file, _created = SnapshotFile.objects.update_or_create(
                snapshot=snapshot,
                path=name,
                defaults={"bytes": size, "rows": counted, "sha256": _hash(path)},
            )
        rows += file.rows
        done += size
    snapshot.files.exclude(path__in=[name for _path, name in files]).delete()
    snapshot.rows, snapshot.bytes = rows, sum(sizes)


def _report(snapshot: Snapshot, done: int, total: int) -> None:
    Snapshot.objects.filter(pk=snapshot.pk).update(bytes_done=done, bytes_total=total)


def _count(path: Path, name: str, schema: Schema, progress: Progress) -> int:
    """Return the records of a file, having read all of it. Raises ReadError."""
    figures = ReadStats()
    pieces = list(file_shards(path, name))
    for number, shard in enumerate(pieces):
        progress(number / len(pieces))
        sample = _Sample()
        for batch in read_batches(shard, schema, sample):
            figures.add(batch.figures)
            if shard.start == 0 and sample.calls == 1:
                _check_sample(batch, shard, schema)
    return figures.rows


class _Sample:
    """Points at the first lines of the first piece of a shard that is read, and at none after."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, lines: memoryview) -> Iterable[Candidate]:
        self.calls += 1
        return islice(all_lines(lines), SAMPLE if self.calls == 1 else 0)


def _nowhere(_lines: memoryview) -> Iterable[Candidate]:
    return ()


def _check_sample(batch: Batch, shard: Shard, schema: Schema) -> None:
    """Refuse a file whose first lines are no records, or have no id where one is expected."""
    if FORMATS[shard.format].has_schema:
        return
    records = len(batch.columns[0])
    if batch.figures.unreadable and batch.figures.unreadable >= records:
        raise ReadError(
            f"{shard.file} is not {shard.format.upper()}.", ReadProblem.BROKEN, shard.file
        )
    if schema.id_field and records and all(batch.record_id(n) is None for n in range(records)):
        raise ReadError(f"{shard.file} has no ids.", ReadProblem.NO_FIELD, schema.id_field)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
