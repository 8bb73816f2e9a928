"""Folders that a server which is not root can reach, and programs that a test runs beside it."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from requests_portal.local.folders import PROJECT
from requests_portal.local.postgres import PostgresServer


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder in the temporary one: a unix socket's path may not be long."""
    path = Path(tempfile.mkdtemp(prefix="portal-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def python() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Run a Python program in the project until the test ends; its output can be read."""
    started = []

    def run(program: str, *arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.fixture
def cluster(folder: Path) -> Iterator[PostgresServer]:
    """A running server with an empty database `portal`."""
    cluster = PostgresServer(folder / "postgres", {"fsync": "off"})
    cluster.ensure_running()
    cluster.ensure_database("portal")
    yield cluster
    cluster.leave()
