"""The broker forgets everything, comes and goes, or gives the same message to several workers."""

import uuid
from contextlib import ExitStack

import pytest
from redis import Redis

from requests_portal.local.valkey import Address
from tests.chaos.effects import DONE
from tests.chaos.load import WORKER, beside, enqueue, states_of, under_load
from tests.filings import assert_nothing_lost_nor_doubled, file_request, wait_for_effects
from tests.stack import eventually

pytestmark = pytest.mark.chaos

FLUSHES = 10
RESTARTS = 20
WORKERS = 3
SLOW_EFFECTS = 3


def test_nothing_is_missing_when_the_broker_loses_all_messages_under_load(chaos_stack):
    url = Address(chaos_stack.folder / "valkey" / "valkey.sock").client_url
    with Redis.from_url(url) as broker, under_load(chaos_stack) as load:
        for _ in range(FLUSHES):
            before = len(load.receipts)
            broker.flushall()
            eventually(lambda before=before: len(load.receipts) > before + 2, "filing goes on")
    assert_nothing_lost_nor_doubled(chaos_stack, load.receipts)


def test_the_worker_finds_the_broker_again_each_time_it_is_restarted(chaos_stack):
    receipts = []
    for _ in range(RESTARTS):
        chaos_stack.stop("broker")
        receipts.append(file_request(chaos_stack))
        chaos_stack.start_again("broker")
        # The canary: what was filed a moment ago comes out at the other end.
        wait_for_effects(chaos_stack, receipts[-1:], seconds=60)
    assert_nothing_lost_nor_doubled(chaos_stack, receipts)


def test_a_task_longer_than_the_visibility_timeout_has_its_effect_once(chaos_stack):
    effects = [uuid.uuid4() for _ in range(SLOW_EFFECTS)]
    chaos_stack.stop("worker")
    with ExitStack() as workers:
        for number in range(WORKERS):
            worker = (*WORKER, "--concurrency=1", f"--hostname=slow{number}@%h")
            workers.enter_context(beside(chaos_stack, worker, BROKER_VISIBILITY_TIMEOUT="2"))
        for effect in effects:
            enqueue(chaos_stack, effect, "chaos.slow")
        eventually(lambda: states_of(chaos_stack, effects) == {"done"}, "all are done", 120)
        # The copies that the broker has made meanwhile are all handed out before this one.
        receipt = file_request(chaos_stack)
        wait_for_effects(chaos_stack, [receipt])
    chaos_stack.start_again("worker")

    noted = chaos_stack.query("SELECT count(*) FROM ledger_event WHERE name = %s", (DONE,))
    assert noted == [(SLOW_EFFECTS,)]
    lines = (chaos_stack.folder / "slow-effects").read_text(encoding="utf-8").split()
    assert sorted(lines) == sorted(str(effect) for effect in effects)
    assert_nothing_lost_nor_doubled(chaos_stack, [receipt])
