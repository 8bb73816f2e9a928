"""Two of each process at once, and one of them dies."""

from contextlib import ExitStack

import psycopg
import pytest

from tests.chaos.load import beside, under_load
from tests.filings import (
    Receipt,
    assert_nothing_lost_nor_doubled,
    file_request,
    steps_in_log,
    wait_for_effects,
)
from tests.stack import Stack, eventually

pytestmark = pytest.mark.chaos

DUE = 20
# The sweep of the clocks runs each minute.
SWEEP_SECONDS = 150


def test_two_of_each_process_do_everything_once(chaos_stack):
    with ExitStack() as second:
        second.enter_context(beside(chaos_stack, ("manage.py", "outbox_relay")))
        second.enter_context(beside(chaos_stack, ("manage.py", "ledger_sequencer")))
        with under_load(chaos_stack) as load:
            eventually(lambda: len(load.receipts) > 50, "fifty requests are filed", 120)
        assert_nothing_lost_nor_doubled(chaos_stack, load.receipts)


def make_due(stack: Stack, receipts: list[Receipt]) -> None:
    """Let the clocks of these cases be looked at now, as if part of their time had passed."""
    with psycopg.connect(stack.owner_url) as connection:
        connection.execute(
            "UPDATE cases_clock SET check_at = now() FROM cases_case"
            " WHERE cases_case.id = case_id AND leads AND number = ANY(%s)",
            [[receipt.number for receipt in receipts]],
        )


def wait_for_reminders(stack: Stack, receipts: list[Receipt]) -> None:
    def all_reminded() -> bool:
        return all(steps["clock.reminded"] for steps in steps_in_log(stack, receipts).values())

    eventually(all_reminded, "all cases are reminded of", SWEEP_SECONDS)


def test_two_beats_of_which_one_dies_remind_of_each_deadline_once(chaos_stack, tmp_path):
    receipts = [file_request(chaos_stack) for _ in range(2 * DUE)]
    wait_for_effects(chaos_stack, receipts)
    early, late = receipts[:DUE], receipts[DUE:]
    beat = ("-m", "celery", "--quiet", "--app", "requests_portal.celery", "beat")
    with beside(chaos_stack, (*beat, f"--schedule={tmp_path / 'beat-schedule'}")):
        make_due(chaos_stack, early)
        wait_for_reminders(chaos_stack, early)
        chaos_stack.stop("beat")
        make_due(chaos_stack, late)
        wait_for_reminders(chaos_stack, late)
    chaos_stack.start_again("beat")
    assert_nothing_lost_nor_doubled(chaos_stack, receipts)
