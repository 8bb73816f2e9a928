"""A server that is shared by all processes that need it and ends with the last of them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from requests_portal.local import locks
from requests_portal.local.folders import PROJECT

_START_SECONDS = 120
_LEAVE_SECONDS = 60


class ServerError(RuntimeError):
    """The bundled server could not be made or started; the message says why."""


@dataclass
class SharedServer:
    """One server and the ways to start, share and leave it.

    `folder` holds the server's data; the lock files and the log lie beside it. `answers` says
    whether the server takes connections. See `server_guard` for how it ends.
    """

    folder: Path
    answers: Callable[[], bool]
    _users: int | None = field(default=None, init=False)

    @property
    def locks(self) -> Path:
        """The folder of the lock files."""
        return self.folder.parent / "locks" / self.folder.name

    @property
    def log(self) -> Path:
        """What the server writes; begun anew at each start."""
        return self.folder.parent / f"{self.folder.name}.log"

    def join(self, make_command: Callable[[], tuple[list[str], str | None]]) -> None:
        """Use the server while this process lives; start it if it does not run.

        `make_command` prepares the folder and returns the command and the system user to run it
        as (None: ourselves); nobody else starts the server meanwhile. Raises ServerError with the
        end of the log when the server does not come up.
        """
        self.locks.mkdir(parents=True, exist_ok=True)
        if self._users is None:
            self._users = locks.acquire(self.locks / "users", shared=True)
        with locks.is_locked(self.locks / "start"):
            # A keeper that is there starts its server again, or comes to its own end.
            self._wait_until(lambda: self.answers() or not self._has_keeper())
            if not self.answers():
                command, user = make_command()
                self._start(command, user)

    def leave(self) -> None:
        """Stop using the server; if nobody else does, return when it has ended."""
        if self._users is None:
            return
        was_last = locks.is_last_holder(self._users)
        os.close(self._users)
        self._users = None
        if was_last:
            self._wait_until(lambda: not self._has_keeper())

    def _has_keeper(self) -> bool:
        """Say whether a keeper serves this folder."""
        try:
            os.close(locks.acquire(self.locks / "keeper", wait=False))
        except BlockingIOError:
            return True
        return False

    def _wait_until(self, reached: Callable[[], bool]) -> None:
        """Return when `reached` does; raise ServerError when the keeper takes too long."""
        deadline = time.monotonic() + _LEAVE_SECONDS
        while not reached():
            if time.monotonic() > deadline:
                raise ServerError(f"The keeper of {self.folder} does not end; see {self.log}.")
            time.sleep(0.05)

    def _start(self, command: list[str], user: str | None) -> None:
        keeper = [
            sys.executable,
            "-m",
            "requests_portal.local.server_guard",
            "--locks",
            str(self.locks),
        ]
        if user is not None:
            keeper += ["--user", user]
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [*keeper, "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env=server_environment(),
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
                raise ServerError(f"The server did not start; {self.log} ends with:\n{tail}")
            time.sleep(0.05)
        # The keeper outlives this process by design, so nobody waits for it here.
        process.returncode = 0


def server_environment() -> dict[str, str]:
    """Return what a server may see of our environment: no secrets, no PG* variables."""
    return {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ} | {
        "LC_ALL": "C",
        "TZ": "UTC",
    }
