"""PostgreSQL ends in the middle of everything, as after a loss of power."""

import os
import signal

import pytest

from requests_portal.local.postgres import PostgresServer
from tests.chaos.load import under_load
from tests.filings import assert_nothing_lost_nor_doubled
from tests.stack import eventually

pytestmark = pytest.mark.chaos

RESTARTS = 5


def end_at_once(cluster: PostgresServer) -> None:
    """Shut the server down in the mode `immediate`, without a checkpoint.

    Its keeper starts it again, and it recovers from its log.
    """
    pid = int((cluster.folder / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGQUIT)


def test_what_was_acknowledged_outlives_crashes_of_the_database_under_load(chaos_stack, cluster):
    with under_load(chaos_stack) as load:
        for _ in range(RESTARTS):
            before = len(load.receipts)
            end_at_once(cluster)
            eventually(lambda before=before: len(load.receipts) > before + 2, "filing goes on")
    starts = (cluster.folder.parent / "postgres.log").read_text().count("automatic recovery")
    assert starts == RESTARTS
    assert_nothing_lost_nor_doubled(chaos_stack, load.receipts)
