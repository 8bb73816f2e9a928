"""Ties a child process to its parent: when the parent dies, however it dies, the child is told."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def with_parent_death_signal(stop_signal: signal.Signals) -> Callable[[], None]:
    """Return a function for `subprocess.Popen(preexec_fn=...)`.

    The kernel then sends `stop_signal` to the child when its parent ends, even by `kill -9`
    (Linux: prctl(2), PR_SET_PDEATHSIG). Elsewhere the child is only stopped by a parent that
    ends in an orderly way. Popen must be called from a thread that lives as long as the parent.
    """
    if not sys.platform.startswith("linux"):
        return _nothing
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        if libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0) != 0:
            os._exit(126)
        if os.getppid() != parent:  # the parent died before the tie was made
            os._exit(126)

    return tie


def _nothing() -> None:
    """Tie nothing: this system has no parent-death signal."""
