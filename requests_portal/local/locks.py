"""Locks between processes that the kernel lets go when their holder ends, even by `kill -9`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def acquire(path: Path, *, shared: bool = False, wait: bool = True) -> int:
    """Lock the file at `path` and return its descriptor; the lock lasts until it is closed.

    Raises BlockingIOError when `wait` is False and somebody else holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, operation if wait else operation | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def is_locked(path: Path) -> Iterator[None]:
    """Hold the lock at `path` alone for the length of the block."""
    descriptor = acquire(path)
    try:
        yield
    finally:
        os.close(descriptor)


def is_last_holder(descriptor: int) -> bool:
    """Say whether nobody else shares the lock; the caller's own is exclusive from then on."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
