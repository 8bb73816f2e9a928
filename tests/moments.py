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
def locked_case(stack: Stack, number: str) -> Iterator[None]:
    """Keep the row of a case, so that nobody else can change its state until the end."""
    with psycopg.connect(stack.owner_url) as connection:
        # Rows that refer to the case can still be written.
        connection.execute("SELECT 1 FROM cases_case WHERE number = %s FOR NO KEY UPDATE", [number])
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
