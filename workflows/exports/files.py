"""Exports as files: where they lie, their forms, ZIP as a stream, which leaves they hold.

An export being made has a folder `<job>.work` with its tables and a file `<job>.part`; a finished
one is `<job>.zip`. All three hold personal data in the clear, so none outlives its job.

Of a ZIP nothing but one piece of one file is in memory, and, for each member, its line of the
directory that stands at the end: about 0.4 kB.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from stream_zip import ZIP_AUTO, stream_zip

from workflows.exports.models import BundleJob

FORGOTTEN_AFTER = timedelta(days=1)


# With it a regulator can countersign the log: one file, which needs nothing but Python.
WITNESS_PROGRAM = Path(__file__).parent / "verifier" / "witness.py"
MANIFEST = "manifest.json"
PIECE = 64 * 1024
_MODE = 0o100644
# Proofs and hashes hardly shrink; a higher level costs time and saves next to nothing.
_LEVEL = 6
_LONGEST_HEAD = 1024 * 1024
# What the event `bundle.exported` always commits to; `events.csv` follows from the entries.
FILES = ("README.txt", "cases.csv", "cases.jsonl", "contents.jsonl", "keys/vkey.txt", "verify.py")
SPREADSHEET, SUMMARY = "cases.xlsx", "summary.pdf"


def bundle_path(job: BundleJob) -> Path:
    """Return where the file of an export lies, or will lie; encrypted, if that was asked for."""
    return _root() / f"{job.pk}.zip"


def download_name(job: BundleJob) -> str:
    """Return under which name a regulator saves the file of an export."""
    ending = "zip.age" if job.recipient else "zip"
    return f"bundle-{job.regime}-{job.created_at:%Y-%m-%d}-{str(job.pk)[:8]}.{ending}"


def download_type(job: BundleJob) -> str:
    """Return the media type of the file of an export; age has registered none."""
    return "application/octet-stream" if job.recipient else "application/zip"


def part_path(job: BundleJob) -> Path:
    """Return where the file of an export grows."""
    return _root() / f"{job.pk}.part"


def work_folder(job: BundleJob) -> Path:
    """Return the folder for the tables of an export that is being made."""
    return _root() / f"{job.pk}.work"


def fresh_work_folder(job: BundleJob) -> Path:
    """Return the folder, empty."""
    folder = work_folder(job)
    _root().mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def temporary_work_folder() -> Iterator[Path]:
    """Make a folder for the tables of an export that is no job; what is left of it is swept."""
    _root().mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="command-", dir=_root()) as name:
        yield Path(name)


def open_private(path: Path) -> BinaryIO:
    """Open an empty file for writing that only this user may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return cast(BinaryIO, os.fdopen(descriptor, "wb"))


def delete_files(job: BundleJob) -> None:
    """Delete whatever lies on the disk for a job; what is gone already is no error."""
    bundle_path(job).unlink(missing_ok=True)
    part_path(job).unlink(missing_ok=True)
    shutil.rmtree(work_folder(job), ignore_errors=True)


def sweep(alive: Collection[str]) -> None:
    """Delete what is older than a day and belongs to no job whose id is in `alive`."""
    limit = time.time() - FORGOTTEN_AFTER.total_seconds()
    for path in _root().glob("*"):
        if path.stem in alive or path.stat().st_mtime > limit:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _root() -> Path:
    return Path(settings.MEDIA_ROOT) / "bundles"


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the ZIP: path, size in bytes, content in pieces."""

    path: str
    size: int
    pieces: Iterable[bytes]


def member(path: str, content: bytes) -> Member:
    """Return a member whose content is at hand."""
    return Member(path, len(content), [content])


def file_member(path: str, file: Path) -> Member:
    """Return a member whose content is a file on the disk, read when its turn comes."""
    return Member(path, file.stat().st_size, _pieces(file))


def zip_pieces(
    members: Iterable[Member], head: Callable[[], Mapping[str, Any]], at: datetime, spool: BinaryIO
) -> Iterator[bytes]:
    """Yield the ZIP of `members`, in their order, and of a manifest after them.

    The manifest is the JSON object `head()`, asked for when everything else is written, with the
    hex SHA-256 of every member under `files`. `spool` is an empty temporary file for the hashes.
    Every member bears the time `at`, so that the same export gives the same bytes.
    """
    pieces: Iterator[bytes] = iter(stream_zip(_files(members, head, at, spool)))
    return pieces


def _files(
    members: Iterable[Member], head: Callable[[], Mapping[str, Any]], at: datetime, spool: BinaryIO
) -> Iterator[tuple[Any, ...]]:
    for each in members:
        method = ZIP_AUTO(each.size, level=_LEVEL)
        yield each.path, at, _MODE, method, _hashed(each, spool)
    # At least as long as the manifest will be: the method is chosen by it.
    size = spool.tell() + _LONGEST_HEAD
    yield MANIFEST, at, _MODE, ZIP_AUTO(size, level=_LEVEL), _manifest(head(), spool)


def _hashed(each: Member, spool: BinaryIO) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in each.pieces:
        digest.update(piece)
        yield piece
    spool.write(f"  {json.dumps(each.path)}: {json.dumps(digest.hexdigest())}\n".encode())


def _manifest(head: Mapping[str, Any], spool: BinaryIO) -> Iterator[bytes]:
    text = json.dumps(head, ensure_ascii=False, indent=1)
    yield text.removesuffix("\n}").encode() + b',\n "files": {\n'
    spool.seek(0)
    before = b""
    for line in spool:
        yield before + line.rstrip(b"\n")
        before = b",\n"
    yield b"\n }\n}\n"


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            yield piece


class Format(StrEnum):
    """What an export may bring besides: a byte order mark in the CSV, or further files."""

    BOM = "bom"
    XLSX = "xlsx"
    PDF = "pdf"


def signed_files(formats: Collection[Format]) -> list[str]:
    """Return the files outside `log/` to which an export in these forms commits, sorted."""
    files = [*FILES]
    if Format.XLSX in formats:
        files.append(SPREADSHEET)
    if Format.PDF in formats:
        files.append(SUMMARY)
    return sorted(files)


class LeafIndexBitmap:
    """Places below the `size` of a log; iterates them rising, each once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._bits = bytearray((size + 7) // 8)

    def add(self, place: int) -> None:
        """Add one place. Raises IndexError beyond the log."""
        if not 0 <= place < self.size:
            raise IndexError(f"There is no place {place} in a log of {self.size} entries.")
        self._bits[place >> 3] |= 1 << (place & 7)

    def __iter__(self) -> Iterator[int]:
        for number, byte in enumerate(self._bits):
            if byte:
                yield from (number * 8 + bit for bit in range(8) if byte >> bit & 1)

    def __len__(self) -> int:
        return sum(byte.bit_count() for byte in self._bits)
