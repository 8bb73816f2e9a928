"""People who go on filing, and processes beside those of the stack."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from uuid import UUID

import psutil
import psycopg

from requests_portal.local.folders import PROJECT
from tests.filings import Receipt, file_request
from tests.stack import Stack, eventually

PEOPLE = 3
# Slow enough for the worker of a small machine to keep up with.
PAUSE_SECONDS = 0.5
# The portal's worker, which knows the effects of these tests as well.
WORKER = (
    "-m",
    "celery",
    "--quiet",
    "--app=requests_portal.celery",
    "worker",
    "--include=tests.chaos.effects",
    "--without-gossip",
    "--without-mingle",
)


class Load:
    """Requests that are filed while something fails; `receipts` are those that were acknowledged.

    A person whose request is not answered sends it again, as the same attempt, until it is.
    """

    def __init__(self, stack: Stack) -> None:
        self.receipts: list[Receipt] = []
        self._stack = stack
        self._ends = threading.Event()

    def stop(self) -> None:
        """Let each person finish the request that they are filing."""
        self._ends.set()

    def file(self) -> None:
        """File one request after the other until `stop`."""
        while not self._ends.wait(PAUSE_SECONDS):
            self.receipts.append(self._file_one())

    def _file_one(self) -> Receipt:
        attempt = secrets.token_hex(16)

        def answered() -> Receipt | None:
            try:
                return file_request(self._stack, attempt)
            except (OSError, HTTPException):
                return None

        return eventually(answered, "the request is answered")


@contextlib.contextmanager
def under_load(stack: Stack, people: int = PEOPLE) -> Iterator[Load]:
    """Let people file while the block runs; all of them have an answer when it ends."""
    load = Load(stack)
    with ThreadPoolExecutor(people) as pool:
        filing = [pool.submit(load.file) for _ in range(people)]
        try:
            yield load
        finally:
            load.stop()
        for each in filing:
            each.result()


@contextlib.contextmanager
def beside(stack: Stack, arguments: Sequence[str], **environment: str) -> Iterator[int]:
    """Run `python <arguments>` in the environment of the stack's worker; yield its pid."""
    inherited = psutil.Process(stack.pids()["web"]).environ()
    with (stack.folder / "beside.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=inherited | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def enqueue(stack: Stack, effect: UUID, kind: str) -> None:
    """Write an effect as a committed change would; `tests.chaos.effects` knows its kind."""
    with psycopg.connect(stack.owner_url) as connection:
        connection.execute(
            "INSERT INTO outbox_effect"
            " (id, kind, key, payload, created_at, due_at, attempts, state, last_error)"
            " VALUES (%s, %s, %s, '{}', now(), now(), 0, 'pending', '')",
            [effect, kind, f"{kind}:{effect}"],
        )


def states_of(stack: Stack, effects: Sequence[UUID]) -> set[str]:
    """Return in which states these effects are."""
    rows = stack.query("SELECT state FROM outbox_effect WHERE id = ANY(%s)", (list(effects),))
    return {state for (state,) in rows}
