"""Holds a process of the running stack at a chosen moment, so that it can be killed there."""

import contextlib
import os
import signal
from collections.abc import Iterator

import psycopg

from tests.stack import Stack


@contextlib.contextmanager
def frozen(stack: Stack, name: str) -> Iterator[None]:
    """Pause the process `name`: what is sent to it waits. It goes on at the end, if it lives."""
    pid = stack.pids()[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def locked_clocks(stack: Stack, number: str) -> Iterator[None]:
    """Keep the clocks of a case: what stops one, last of all after the mail, waits until the end."""
    with psycopg.connect(stack.owner_url) as connection:
        connection.execute(
            "SELECT 1 FROM cases_clock JOIN cases_case ON case_id = cases_case.id"
            " WHERE number = %s FOR UPDATE OF cases_clock",
            [number],
        )
        yield


@contextlib.contextmanager
def locked_leaves(stack: Stack) -> Iterator[None]:
    """Keep the table of the log's places, so that nobody can write into it until the end."""
    with psycopg.connect(stack.owner_url) as connection:
        connection.execute("LOCK TABLE ledger_leaf IN SHARE MODE")
        yield


def waiting_for_lock(stack: Stack, table: str) -> bool:
    """Say whether some process waits to write into `table`."""
    return bool(
        stack.query(
            "SELECT 1 FROM pg_locks WHERE relation = %s::regclass AND NOT granted", (table,)
        )
    )
