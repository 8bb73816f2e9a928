"""A new snapshot appears whole or not at all, whatever happens while it is written."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from workflows.corrections.manifests.edits import EditRefused


@contextlib.contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` to write into; when the block ends well, it becomes `target`.

    If it does not, the folder is removed; after a crash, the next run does that. Raises Refused if
    `target` is there already, or is being written by another process.
    """
    with _partial(target) as folder:
        yield folder
        for inner, _folders, _files in os.walk(folder, topdown=False):
            sync_folder(Path(inner))
        _refuse_existing(target)
        folder.rename(target)
        sync_folder(target.parent)


@contextlib.contextmanager
def appearing_file(target: Path) -> Iterator[Path]:
    """Do the same for a file: the block writes it into the folder, under the name of `target`.

    What else it writes appears beside the file, before it.
    """
    with _partial(target) as folder:
        yield folder
        _refuse_existing(target)
        for file in sorted(folder.iterdir(), key=lambda file: file.name == target.name):
            file.rename(target.with_name(file.name))
        sync_folder(target.parent)
        folder.rmdir()


def partial_of(target: Path) -> Path:
    """Return the folder in which `target` is written until it is whole."""
    return target.with_name(f".{target.name}.partial")


@contextlib.contextmanager
def _partial(target: Path) -> Iterator[Path]:
    _refuse_existing(target)
    folder = partial_of(target)
    try:
        folder.mkdir(exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise EditRefused(f"{folder} cannot be made: {error.strerror}.") from error
    try:
        _lock(handle, folder)
        _empty(folder)  # of what a run that was killed has left
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    finally:
        os.close(handle)


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise EditRefused(f"{target} is there already.")


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = os.fstat(handle).st_ino == folder.stat().st_ino
    except OSError:
        same = False
    if not same:
        raise EditRefused(f"{folder} is being written by another process.")


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
