"""Runs one server for as long as anybody uses it: `python -m requests_portal.local.keeper`.

Every process that uses the server holds a shared lock on the `users` file. The keeper waits for
an exclusive lock on it: it gets one when the last user has ended, in whatever way, and then it
stops the server. A user who comes while the server is stopping waits at the same lock and starts
a new one. The keeper is tied to its server as well, so that neither outlives the other.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from requests_portal.local import locks
from requests_portal.local.tether import tethered

# PostgreSQL's "fast" shutdown: sessions end, data are written.
_STOP = signal.SIGINT


def keep(lock_folder: Path, command: list[str], user: str | None) -> int:
    """Run `command` as the system user `user` until nobody holds `users`; return its exit code."""
    for ignored in (signal.SIGHUP, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)
    locks.take(lock_folder / "keeper", wait=False)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        preexec_fn=tethered(_STOP),  # noqa: PLW1509 - no thread runs yet
        start_new_session=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(_STOP))

    def stop_when_unused() -> None:
        locks.take(lock_folder / "users")
        server.send_signal(_STOP)

    threading.Thread(target=stop_when_unused, daemon=True).start()
    return server.wait()


def main() -> None:
    """Read the command line and keep the server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--locks", type=Path, required=True, help="folder of the lock files")
    parser.add_argument("--user", help="system user to run the server as; needs root")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    code = keep(arguments.locks, arguments.command, arguments.user)
    sys.stdout.flush()
    # Leave at once: the waiting thread may still be blocked on the lock.
    os._exit(code if code >= 0 else 1)


if __name__ == "__main__":
    main()
