"""The whole portal as real processes, for tests from outside: browser, worker, broker, mail."""

import contextlib
import email
import email.policy
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from requests_portal.local.folders import PROJECT
from requests_portal.local.sockets import free_port
from tests.prepared import (
    keep_static_files,
    migrated_database,
    take_static_files,
    with_database,
)

# What only concerns the test process itself and must not reach the real ones.
_NOT_PASSED_ON = (
    "ALLOWED_HOSTS",
    "DATABASE_ROLE",
    "MEDIA_ROOT",
    "PUBLIC_BASE_URL",
    "REDIS_URL",
    "STATIC_ROOT",
)


def eventually(found: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Return the first true result of `found`, asked again and again; fail naming `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = found()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"not in {seconds} s: {what}")


class Stack:
    """The processes of `requests_portal.local.processes` on a database of their own.

    Started by `start`, ended by `end`; they also end when the test process is killed, because
    their supervisor reads a pipe from it.
    """

    def __init__(
        self, owner_url: str, runtime_url: str, database: str, port: int | None = None
    ) -> None:
        """Serve `database`, made anew, on the server of the two addresses; ask for `port`."""
        self.database = database
        self._port = port or free_port()
        self.owner_url = with_database(owner_url, database)
        self._server_url = with_database(owner_url, "postgres")
        self.folder = Path(tempfile.mkdtemp(prefix="portal-stack-"))
        self.environment = {k: v for k, v in os.environ.items() if k not in _NOT_PASSED_ON} | {
            "DATABASE_URL": with_database(runtime_url, database),
            "DATABASE_OWNER_URL": self.owner_url,
            "DATA_DIR": str(self.folder),
            # What was published and lost is published again after so long; minutes in production.
            "OUTBOX_LEASE_SECONDS": "3",
            # Tests file and begin as much as a flood; those about it ask for its rules.
            "INTAKE_BUSY_FILINGS": "1000000",
            "INTAKE_BUSY_DRAFTS": "1000000",
        }
        self._supervisor: subprocess.Popen[str] | None = None
        self._details: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The address of the site, without a slash at the end."""
        return self._details["url"]

    @property
    def broker_url(self) -> str:
        """The address of the broker, for Celery."""
        return self._details["broker"]

    @property
    def log(self) -> Path:
        """What all processes wrote, each line with the name of its process."""
        return self.folder / "stack.log"

    def start(self) -> None:
        """Make the database, start everything, return when the site answers."""
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            name = sql.Identifier(self.database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            template = sql.Identifier(migrated_database(self.owner_url))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        take_static_files(self.folder)
        with self.log.open("wb") as log:
            self._supervisor = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "requests_portal.local.run",
                    "--controlled",
                    f"--port={self._port}",
                ],
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        details = self.folder / "run.json"

        def serves() -> bool:
            assert self._supervisor is not None
            assert self._supervisor.poll() is None, self.log.read_text()
            return details.exists()

        eventually(serves, "the stack serves", seconds=180)
        self._details = json.loads(details.read_text())
        keep_static_files(self.folder)

    def end(self) -> None:
        """End all processes, drop the database and remove the files."""
        if self._supervisor is not None:
            assert self._supervisor.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self._supervisor.stdin.close()
            self._supervisor.wait(60)
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                    sql.Identifier(self.database)
                )
            )
        shutil.rmtree(self.folder, ignore_errors=True)

    def pids(self) -> dict[str, int]:
        """Return the pid of each running process by its name."""
        return json.loads((self.folder / "run-pids.json").read_text())

    def kill(self, name: str) -> None:
        """`kill -9` the process `name`; return when the supervisor has started it again.

        However often it is killed: the supervisor is told that these deaths are no accidents, or it
        would wait longer after each.
        """
        old = self.pids()[name]
        self._order(f"start {name}")
        os.kill(old, signal.SIGKILL)
        eventually(lambda: self.pids().get(name, old) != old, f"{name} runs again")

    def stop(self, name: str) -> None:
        """End the process `name` in good order and leave it stopped."""
        self._order(f"stop {name}")
        eventually(lambda: name not in self.pids(), f"{name} has stopped")

    def start_again(self, name: str) -> None:
        """Start the process `name` that `stop` has stopped."""
        self._order(f"start {name}")
        eventually(lambda: name in self.pids(), f"{name} has started")

    def manage(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a management command as the runtime role; return its output, fail if it fails."""
        environment = self.environment | {"REDIS_URL": self.broker_url, "PUBLIC_BASE_URL": self.url}
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{arguments}: {result.stdout}{result.stderr}"
        return result.stdout

    def query(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of an SQL query, asked as the owner of the tables."""
        with psycopg.connect(self.owner_url) as connection:
            return connection.execute(statement, parameters).fetchall()

    def mails(self, to: str = "") -> list[EmailMessage]:
        """Return the mails sent so far, oldest first; with `to`, only those to this address."""
        found = []
        for path in sorted((self.folder / "mail").glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if to in str(message["To"]):
                found.append(message)
        return found

    def _order(self, line: str) -> None:
        assert self._supervisor is not None
        assert self._supervisor.stdin is not None
        self._supervisor.stdin.write(f"{line}\n")
        self._supervisor.stdin.flush()
