"""A portal of its own for tests that shut doors, freeze servers and start things anew."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from requests_portal.local.postgres import OWNER_ROLE, RUNTIME_ROLE, PostgresServer
from tests.stack import Stack
from tests.workflows.conftest import in_english  # noqa: F401 - a fixture

_DATABASE = "abuse"
METRICS_TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="package")
def own_cluster() -> Iterator[PostgresServer]:
    """A PostgreSQL server which a test may freeze without stopping the other tests."""
    folder = Path(tempfile.mkdtemp(prefix="portal-abuse-"))
    cluster = PostgresServer(folder / "postgres", options={"fsync": "off"})
    cluster.ensure_running()
    cluster.ensure_database(_DATABASE)
    yield cluster
    cluster.leave()
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def own_stack(own_cluster: PostgresServer) -> Iterator[Stack]:
    """The whole portal on that server, with logs as JSON."""
    stack = Stack(
        own_cluster.url(OWNER_ROLE, _DATABASE),
        own_cluster.url(RUNTIME_ROLE, _DATABASE),
        f"{_DATABASE}_stack",
    )
    stack.environment |= {"LOG_FORMAT": "json", "METRICS_TOKEN": METRICS_TOKEN}
    try:
        stack.start()
        yield stack
    finally:
        stack.end()
