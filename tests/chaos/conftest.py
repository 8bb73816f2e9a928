"""A stack with a database server of its own, which a test may end at any moment."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from requests_portal.local.postgres import OWNER_ROLE, RUNTIME_ROLE, PostgresServer
from tests.filings import assert_log_extends, keep_checkpoint
from tests.stack import Stack, eventually

DATABASE = "chaos"
DUE = "SELECT 1 FROM outbox_effect WHERE state = 'pending' AND due_at <= now() LIMIT 1"


@pytest.fixture(scope="package")
def cluster() -> Iterator[PostgresServer]:
    """A PostgreSQL server whose committed transactions outlive its crash, though not the disk's."""
    folder = Path(tempfile.mkdtemp(prefix="portal-chaos-"))
    cluster = PostgresServer(folder / "postgres", options={"fsync": "off"})
    cluster.ensure_running()
    cluster.ensure_database(DATABASE)
    yield cluster
    cluster.leave()
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def whole_stack(cluster: PostgresServer) -> Iterator[Stack]:
    """The stack, with the sample staff and teams, so that new cases are routed."""
    stack = Stack(
        cluster.url(OWNER_ROLE, DATABASE), cluster.url(RUNTIME_ROLE, DATABASE), f"{DATABASE}_stack"
    )
    try:
        stack.start()
        stack.manage("load_sample_cases")
        # A test that pauses the mail server would else wait for the mails about these cases first.
        eventually(lambda: not stack.query(DUE), "the sample cases have had their effects", 180)
        yield stack
    finally:
        stack.end()


@pytest.fixture(scope="module")
def patient_stack(cluster: PostgresServer) -> Iterator[Stack]:
    """A stack that publishes again, what it published, after as long as in production."""
    name = "patient"
    stack = Stack(
        cluster.url(OWNER_ROLE, DATABASE), cluster.url(RUNTIME_ROLE, DATABASE), f"{name}_stack"
    )
    del stack.environment["OUTBOX_LEASE_SECONDS"]
    # All of the load writes from one domain, whose mails would wait until tomorrow.
    stack.environment["MAILS_PER_DOMAIN_PER_DAY"] = "1000000"
    try:
        stack.start()
        stack.manage("load_sample_cases")
        eventually(lambda: not stack.query(DUE), "the sample cases have had their effects", 300)
        yield stack
    finally:
        stack.end()


@pytest.fixture
def chaos_stack(whole_stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """The same stack; whatever the test did to it, the log verifies and extends what it was."""
    checkpoint = keep_checkpoint(whole_stack, tmp_path)
    yield whole_stack
    assert_log_extends(whole_stack, checkpoint)
