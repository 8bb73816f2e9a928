"""Where exports lie on the disk: `MEDIA_ROOT/bundles/`, readable by nobody else.

An export being made has a folder `<job>.work` with its tables and a file `<job>.part`; a finished
one is `<job>.zip`. All three hold personal data in the clear, so none outlives its job.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings

from workflows.exports.models import BundleJob

FORGOTTEN_AFTER = timedelta(days=1)


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
