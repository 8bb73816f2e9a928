"""Processes that share a long piece of work, and end when it ends, however that is."""

import multiprocessing
import os
import signal
import threading


def end_with_parent() -> None:
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
