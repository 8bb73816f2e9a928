"""Runs one server for as long as anybody uses it: `python -m requests_portal.local.server_guard`.

Every process that uses the server holds a shared lock on the file `users`. The keeper asks again
and again for the exclusive lock: it gets it when the last user has ended, in whatever way, and
then it stops the server. A user who comes while the server is stopping waits at the same lock and
starts a new one. The keeper and its server are tied: neither outlives the other.
"""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path

from requests_portal.local import locks
from requests_portal.local.parent_death_signal import with_parent_death_signal

# PostgreSQL's "fast" shutdown, Valkey's save and exit: both end in good order.
_STOP = signal.SIGINT
_ASK_SECONDS = 0.2
_STOP_SECONDS = 60
# A server that dies while it is used is started again, but not for ever.
_STARTS_IN_A_ROW = 10
_SERVED_SECONDS = 30


def guard(lock_folder: Path, command: list[str], user: str | None) -> int:
    """Run `command` as the system user `user` until nobody holds `users`; return an exit code.

    0: nobody used the server any more, or the keeper was told to end. 1: the server kept dying.
    """
    for ignored in (signal.SIGHUP, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    locks.acquire(lock_folder / "keeper", wait=False)
    starts = 0
    while starts < _STARTS_IN_A_ROW:
        began = time.monotonic()
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            preexec_fn=with_parent_death_signal(_STOP),  # noqa: PLW1509 - this program has one thread
            start_new_session=True,
        )
        try:
            if _unused_before_end_of(server, lock_folder / "users"):
                return 0
        finally:
            _stop(server)
        served = time.monotonic() - began > _SERVED_SECONDS
        starts = 1 if served else starts + 1
        time.sleep(_ASK_SECONDS)
    return 1


def _unused_before_end_of(server: subprocess.Popen[bytes], users: Path) -> bool:
    """Wait; True when nobody uses the server any more, False when it has ended by itself."""
    while True:
        try:
            server.wait(_ASK_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        else:
            return False
        try:
            locks.acquire(users, wait=False)
        except BlockingIOError:
            continue
        return True


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(_STOP)
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def main() -> None:
    """Read the command line and keep the server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--locks", type=Path, required=True, help="folder of the lock files")
    parser.add_argument("--user", help="system user to run the server as; needs root")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    sys.exit(guard(arguments.locks, arguments.command, arguments.user))


if __name__ == "__main__":
    main()
