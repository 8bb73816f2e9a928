"""kill -9 at five points of an effect, of the workers' children and of the workers as a whole."""

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack

import psutil
import pytest

from tests.chaos.load import under_load
from tests.filings import (
    MAIL_KINDS,
    MAILS,
    Receipt,
    assert_nothing_lost_nor_doubled,
    effects_of,
    file_request,
    mail_ids,
    wait_for_effects,
)
from tests.process_control import frozen, locked_clocks
from tests.stack import Stack, eventually

pytestmark = pytest.mark.chaos

KILLED_UNDER_LOAD = 5
WORKERS = ("worker", "mail-worker")


def kill_children(stack: Stack) -> None:
    """Kill the processes that run tasks; the workers themselves live on."""
    for worker in WORKERS:
        for child in psutil.Process(stack.pids()[worker]).children():
            os.kill(child.pid, signal.SIGKILL)


def kill_worker(stack: Stack) -> None:
    """Kill the workers with all their children."""
    for worker in WORKERS:
        stack.kill(worker)


Kill = Callable[[Stack], None]


def killed_before_it_begins(stack: Stack, kill: Kill) -> Receipt:
    with frozen(stack, "worker"), frozen(stack, "mail-worker"):
        receipt = file_request(stack)
        eventually(lambda: all(e.is_leased for e in effects_of(stack, receipt)), "all published")
        kill(stack)
    return receipt


def killed_while_it_sends_the_mail(stack: Stack, kill: Kill) -> Receipt:
    with frozen(stack, "mail"):
        receipt = file_request(stack)
        eventually(
            lambda: any(e.attempts and e.kind in MAIL_KINDS for e in effects_of(stack, receipt)),
            "a mail has begun",
        )
        kill(stack)
    return receipt


def killed_between_mail_and_commit(stack: Stack, kill: Kill) -> Receipt:
    with ExitStack() as held:
        with frozen(stack, "relay"):
            receipt = file_request(stack)
            held.enter_context(locked_clocks(stack, receipt.number))
        eventually(lambda: len(mail_ids(stack, receipt)) >= MAILS, "both mails were sent")
        kill(stack)
    return receipt


def killed_between_commit_and_acknowledging(stack: Stack, kill: Kill) -> Receipt:
    with ExitStack() as broker:
        with ExitStack() as lock:
            with frozen(stack, "relay"):
                receipt = file_request(stack)
                lock.enter_context(locked_clocks(stack, receipt.number))
            eventually(lambda: len(mail_ids(stack, receipt)) >= MAILS, "both mails were sent")
            broker.enter_context(frozen(stack, "broker"))
        wait_for_effects(stack, [receipt])
        kill(stack)
    return receipt


def killed_while_a_failed_effect_waits(stack: Stack, kill: Kill) -> Receipt:
    stack.stop("mail")
    receipt = file_request(stack)
    eventually(lambda: any(e.last_error for e in effects_of(stack, receipt)), "one has failed")
    kill(stack)
    stack.start_again("mail")
    return receipt


@pytest.mark.parametrize("kill", [kill_children, kill_worker])
@pytest.mark.parametrize(
    "scene",
    [
        killed_before_it_begins,
        killed_while_it_sends_the_mail,
        killed_between_mail_and_commit,
        killed_between_commit_and_acknowledging,
        killed_while_a_failed_effect_waits,
    ],
)
def test_an_effect_finishes_once_wherever_its_process_was_killed(chaos_stack, scene, kill):
    receipt = scene(chaos_stack, kill)
    assert_nothing_lost_nor_doubled(chaos_stack, [receipt])


@pytest.mark.parametrize("name", ["web", "worker", "mail-worker", "relay", "sequencer"])
def test_any_process_may_be_killed_again_and_again_under_load(chaos_stack, name):
    with under_load(chaos_stack) as load:
        for _ in range(KILLED_UNDER_LOAD):
            before = len(load.receipts)
            chaos_stack.kill(name)
            eventually(lambda before=before: len(load.receipts) > before, "filing goes on")
    assert_nothing_lost_nor_doubled(chaos_stack, load.receipts)
