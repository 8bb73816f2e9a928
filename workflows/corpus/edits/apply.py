"""The applier: writes a snapshot anew, beside the old one, with the changes of a manifest made."""

import itertools
import json
import multiprocessing
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from workflows.corpus.edits.manifest_files import fingerprint, in_order
from workflows.corpus.entries import EditRefused, ManifestEntry, Op, Replacements
from workflows.corpus.formats.files import (
    UNREADABLE,
    atomic_file,
    atomic_folder,
    snapshot_files,
)
from workflows.corpus.formats.protocol import Rows, Source
from workflows.corpus.formats.registry import format_of
from workflows.corpus.processes import die_with_parent
from workflows.corpus.values import FormatTraits, traits_of

# In the folder of a snapshot; of a single file it stands beside it, after the name of the file.
APPLIED = "_manifests.json"


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done: files and bytes of the old snapshot, records changed and left out."""

    files: int
    bytes: int
    changed: int
    deleted: int


def apply_entries(
    entries: Iterable[ManifestEntry],
    snapshot: Path,
    target: Path,
    wording: Replacements,
    *,
    id_field: str = "id",
    processes: int = 1,
) -> Applied:
    """Write the snapshot at `target` which `entries` make of the one at `snapshot`.

    Both are folders, or both are files. So many `processes` share the files. `target` appears when
    all of it is on the disk. Memory does not depend on the size of the snapshot. Raises Refused,
    and leaves nothing behind, if `target` exists, if the manifest was applied before, or if a
    record is not as its entry says.
    """
    changes = in_order(entry for entry in entries if entry.changes_data)
    files = snapshot_files(snapshot)
    if target.resolve().is_relative_to(snapshot.resolve()):
        raise EditRefused(f"{target} lies in the old snapshot, which stays as it is. Name another.")
    by_file = {
        file: list(_rows(group)) for file, group in itertools.groupby(changes, attrgetter("file"))
    }
    applied = _applied_before(snapshot)
    mark = fingerprint(changes)
    if mark in applied:
        raise EditRefused("This manifest was applied to the snapshot before.")
    for file in by_file.keys() - files.keys():
        raise EditRefused(f"{file}: the snapshot has no such file.")
    marks = json.dumps([*applied, mark] if changes else applied)
    if snapshot.is_dir():
        with atomic_folder(target) as folder:
            jobs = [
                (path, folder / file, by_file.get(file, []), wording, id_field)
                for file, path in files.items()
            ]
            for _path, new, *_rest in jobs:
                new.parent.mkdir(parents=True, exist_ok=True)
            _write_all(jobs, processes)
            if changes:
                _write_text(folder / APPLIED, marks)
    else:
        if _kind(target) != _kind(snapshot):
            raise EditRefused(f"{target} must end as {snapshot.name} does: the format stays.")
        with atomic_file(target) as folder:
            _write(
                snapshot, folder / target.name, by_file.get(snapshot.name, []), wording, id_field
            )
            if changes or applied:
                _write_text(folder / f"{target.name}{APPLIED}", marks)
    rows = [entries for rows in by_file.values() for _row, entries in rows]
    deleted = sum(any(entry.op is Op.DELETE for entry in entries) for entries in rows)
    size = sum(path.stat().st_size for path in files.values())
    return Applied(len(files), size, len(rows) - deleted, deleted)


def _kind(path: Path) -> tuple[FormatTraits | None, str]:
    return traits_of(path), path.suffix  # a compressed file stays compressed


def _rows(entries: Iterable[ManifestEntry]) -> Iterator[tuple[int, list[ManifestEntry]]]:
    for row, group in itertools.groupby(entries, attrgetter("row")):
        yield row, list(group)


def _applied_before(snapshot: Path) -> list[str]:
    """Return the fingerprints of the manifests that made this snapshot."""
    own = snapshot / APPLIED if snapshot.is_dir() else Path(f"{snapshot}{APPLIED}")
    try:
        marks = json.loads(own.read_text())
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise EditRefused(f"{own} is not a list of manifests.") from error
    return [str(mark) for mark in marks]


_Job: TypeAlias = tuple[Path, Path, Rows, Replacements, str]


def _write_all(jobs: Sequence[_Job], processes: int) -> None:
    """Write the files of the new snapshot, shared by so many processes."""
    if processes == 1:
        for job in jobs:
            _write(*job)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, context, die_with_parent) as pool:
        try:
            for written in [pool.submit(_write, *job) for job in jobs]:
                written.result()
        except BrokenProcessPool as error:
            raise EditRefused(
                "A process that wrote files was ended, perhaps for want of memory. Nothing is left "
                "of the new snapshot. Run it again; where memory is short, with fewer processes."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _write(source: Path, target: Path, rows: Rows, wording: Replacements, id_field: str) -> None:
    """Write one file of the new snapshot, and see that it is on the disk."""
    known = format_of(source)
    if rows and known is None:
        raise EditRefused(f"{source}: manifests change no files of this format.")
    try:
        if not rows or known is None:
            shutil.copyfile(source, target)
        else:
            file = rows[0][1][0].file
            known.rewrite(Source(source, file), target, rows, wording, id_field)
    except UNREADABLE as error:
        raise EditRefused(f"{source} cannot be copied: {error}") from error
    shutil.copymode(source, target)
    sync_file(target)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text)
    sync_file(path)


def sync_file(path: Path) -> None:
    """See to it that a file is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
