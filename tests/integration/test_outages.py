"""Real web server, relay, broker, worker, sequencer and mail server; each of them fails in turn.

A process is caught at a chosen moment, not at a random one: what it works on is locked, or the
server that it speaks with is paused, until it is certain to be there. Then it is killed.
"""

from contextlib import ExitStack

import pytest

from tests.filings import (
    MAIL_KINDS,
    MAILS,
    assert_log_extends,
    assert_nothing_lost_nor_doubled,
    effects_of,
    file_request,
    keep_checkpoint,
    mail_ids,
    wait_for_effects,
)
from tests.process_control import frozen, locked_clocks, locked_leaves, waiting_for_lock
from tests.stack import eventually

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module", autouse=True)
def log_extends_what_it_was(sampled_stack, tmp_path_factory):
    """Whatever fails below, the log verifies afterwards and extends what it was before."""
    checkpoint = keep_checkpoint(sampled_stack, tmp_path_factory.mktemp("log"))
    yield
    assert_log_extends(sampled_stack, checkpoint)


def test_a_request_is_filed_without_a_broker_and_its_mails_come_once_when_it_is_back(sampled_stack):
    sampled_stack.stop("broker")
    receipts = [file_request(sampled_stack) for _ in range(5)]
    assert not any(mail_ids(sampled_stack, receipt) for receipt in receipts)

    sampled_stack.start_again("broker")
    assert_nothing_lost_nor_doubled(sampled_stack, receipts)
    for receipt in receipts:
        assert len(mail_ids(sampled_stack, receipt)) == MAILS


def test_all_else_is_done_while_the_mail_server_does_not_answer(sampled_stack):
    with frozen(sampled_stack, "mail"):
        receipts = [file_request(sampled_stack) for _ in range(5)]

        def all_but_mails() -> bool:
            waiting = [e for e in effects_of(sampled_stack, *receipts) if e.state != "done"]
            return {e.kind for e in waiting} == MAIL_KINDS

        eventually(all_but_mails, "only mails wait", 20)
    assert_nothing_lost_nor_doubled(sampled_stack, receipts)


def test_mails_go_out_while_work_on_data_stands_still(sampled_stack):
    with frozen(sampled_stack, "data-worker"):
        receipt = file_request(sampled_stack)
        assert_nothing_lost_nor_doubled(sampled_stack, [receipt])
        assert len(mail_ids(sampled_stack, receipt)) == MAILS


def test_a_worker_killed_while_it_sends_a_mail_sends_it_after_all(sampled_stack):
    with frozen(sampled_stack, "mail"):
        receipt = file_request(sampled_stack)
        eventually(
            lambda: any(
                e.attempts and e.kind in MAIL_KINDS for e in effects_of(sampled_stack, receipt)
            ),
            "a mail has begun",
        )
        sampled_stack.kill("mail-worker")

    assert_nothing_lost_nor_doubled(sampled_stack, [receipt])


def test_a_worker_killed_between_mail_and_what_follows_it_does_not_repeat_the_mail(sampled_stack):
    with ExitStack() as held:
        with frozen(sampled_stack, "relay"):
            receipt = file_request(sampled_stack)
            held.enter_context(locked_clocks(sampled_stack, receipt.number))
        eventually(lambda: len(mail_ids(sampled_stack, receipt)) == MAILS, "both mails were sent")
        eventually(
            lambda: (
                {e.kind for e in effects_of(sampled_stack, receipt) if e.state == "pending"}
                == {"notices.tell_of_acknowledgement"}
            ),
            "only the acknowledgement waits",
        )
        sampled_stack.kill("mail-worker")

    assert_nothing_lost_nor_doubled(sampled_stack, [receipt])
    assert len(mail_ids(sampled_stack, receipt)) == MAILS


def test_a_relay_killed_between_lease_and_publishing_loses_nothing(sampled_stack):
    with frozen(sampled_stack, "broker"):
        receipt = file_request(sampled_stack)
        eventually(
            lambda: any(effect.is_leased for effect in effects_of(sampled_stack, receipt)),
            "the relay has leased",
        )
        sampled_stack.kill("relay")

    assert_nothing_lost_nor_doubled(sampled_stack, [receipt])


def test_a_sequencer_killed_while_it_writes_leaves_no_gap(sampled_stack):
    with locked_leaves(sampled_stack):
        receipt = file_request(sampled_stack)
        eventually(lambda: waiting_for_lock(sampled_stack, "ledger_leaf"), "the sequencer writes")
        sampled_stack.kill("sequencer")
        wait_for_effects(sampled_stack, [receipt])

    assert_nothing_lost_nor_doubled(sampled_stack, [receipt])
