"""What a crash or a freeze of seconds delays is done seconds later, with the leases of production."""

import os
import signal
import time
from collections import Counter
from datetime import datetime

import pytest

from requests_portal.local.postgres import PostgresServer
from tests.chaos.load import under_load
from tests.filings import (
    Receipt,
    assert_nothing_lost_nor_doubled,
    effects_of,
    file_request,
)
from tests.process_control import frozen
from tests.stack import Stack, eventually

pytestmark = pytest.mark.chaos

FREEZES = 20
# Longer than a worker waits for an answer of the broker.
FROZEN_SECONDS = 7
# So long nothing may stand still; a lease lasts four times as long. How long it takes to make up for
# what was held up depends on the machine.
SOON = 30
LAG_LIMIT = 60
QUEUES = {"celery", "mail", "data"}
WORKERS = ("worker", "mail-worker", "data-worker")


def time_of(stack: Stack) -> datetime:
    """Return the time by the clock of the database."""
    ((now,),) = stack.query("SELECT now()")
    return now


def wait_without_a_standstill(stack: Stack, receipts: list[Receipt]) -> None:
    """Return when all effects of these cases are done; fail when for long none more was."""
    left, since = None, time.monotonic()
    while unfinished := [e for e in effects_of(stack, *receipts) if e.state != "done"]:
        if len(unfinished) != left:
            left, since = len(unfinished), time.monotonic()
        assert time.monotonic() - since < SOON, Counter(unfinished)
        time.sleep(1)


def heard_since(stack: Stack, moment: datetime) -> set[str]:
    """Return out of which queues a canary, or what it waits behind, has come since then."""
    rows = stack.query(
        "SELECT name FROM outbox_canary WHERE greatest(seen_at, busy_at) > %s", (moment,)
    )
    return {name for (name,) in rows} - {"beat"}


def test_workers_go_on_after_each_of_twenty_freezes_of_the_broker(patient_stack):
    with under_load(patient_stack, people=1) as load:
        for _ in range(FREEZES):
            before = len(load.receipts)
            with frozen(patient_stack, "broker"):
                time.sleep(FROZEN_SECONDS)
            thawed = time_of(patient_stack)
            eventually(lambda before=before: len(load.receipts) > before + 2, "filing goes on")
            eventually(
                lambda thawed=thawed: heard_since(patient_stack, thawed) == QUEUES,
                "each queue has a worker that receives",
                LAG_LIMIT,
            )
    wait_without_a_standstill(patient_stack, load.receipts)
    assert_nothing_lost_nor_doubled(patient_stack, load.receipts)


def test_a_crash_of_the_database_delays_effects_for_seconds(patient_stack, cluster: PostgresServer):
    with under_load(patient_stack, people=1) as load:
        for _ in range(3):
            before = len(load.receipts)
            pid = int((cluster.folder / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, signal.SIGQUIT)
            eventually(lambda before=before: len(load.receipts) > before + 2, "filing goes on")
    wait_without_a_standstill(patient_stack, load.receipts)
    assert_nothing_lost_nor_doubled(patient_stack, load.receipts)


def test_a_killed_relay_strands_nothing(patient_stack):
    with frozen(patient_stack, "broker"):
        receipt = file_request(patient_stack)
        leased = "SELECT 1 FROM outbox_effect WHERE state = 'pending' AND claimed_until > now()"
        eventually(lambda: patient_stack.query(leased), "the relay has leased")
        patient_stack.kill("relay")
    wait_without_a_standstill(patient_stack, [receipt])


@pytest.mark.parametrize("name", WORKERS[:2])
def test_a_killed_worker_strands_nothing(patient_stack, name):
    with under_load(patient_stack, people=1) as load:
        eventually(lambda: len(load.receipts) > 5, "some are filed")
        patient_stack.kill(name)
    wait_without_a_standstill(patient_stack, load.receipts)
    assert_nothing_lost_nor_doubled(patient_stack, load.receipts)
