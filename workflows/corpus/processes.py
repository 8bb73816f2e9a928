"""Worker processes: the collector paused or frozen, and an end with the parent."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Let the collector rest while very many objects are made, nearly all of which stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Let the collector pass over all objects that there are, here and in processes forked now."""
    frozen = gc.get_freeze_count()
    gc.freeze()
    try:
        yield
    finally:
        if not frozen:  # else somebody wants them to stay so
            gc.unfreeze()


def die_with_parent() -> None:
    """See to it that this process, forked for a part of the work, does not outlive the whole."""
    # Else an interruption would end this part only, and the next one be begun.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    """End with the process that forked this one, which, killed, tells its workers nothing."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
