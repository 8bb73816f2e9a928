"""`/livez` answers while requests hang: in slow uploads, in a lock, in a database that is frozen."""

import contextlib
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from urllib.parse import urlsplit

import pytest

from tests.abuse.test_stuck_database import Answer, ask, frozen_database, locked
from tests.slow_clients import UPLOAD, slow_clients
from tests.stack import Stack

pytestmark = pytest.mark.stack

UPLOADS = 24
# More than all threads of the web together.
HANGING = 40
PAGE = "/en/confirm/some-token/"
# Undisturbed it takes some milliseconds. Behind requests that hang it would wait for a time-out of
# a lock at least, which is 5 s, and behind slow uploads for 20 s.
AT_ONCE = 4.5


def livez(stack: Stack) -> float:
    """Return the seconds that liveness took to answer."""
    began = time.monotonic()
    with urllib.request.urlopen(f"{stack.url}/livez", timeout=30) as answer:
        assert answer.read() == b"ok"
    return time.monotonic() - began


@contextlib.contextmanager
def hanging(stack: Stack) -> Iterator[list[Future[Answer]]]:
    """Ask for a page that waits for the database, in more requests than there are threads."""
    with ThreadPoolExecutor(HANGING) as pool:
        yield [pool.submit(ask, stack, PAGE) for _ in range(HANGING)]


def seconds_of_livez_until_all_are_answered(
    stack: Stack, requests: list[Future[Answer]]
) -> list[float]:
    taken = []
    while wait(requests, timeout=0.2).not_done:
        taken.append(livez(stack))
    return taken


def test_livez_answers_while_uploads_hang(own_stack):
    with slow_clients(urlsplit(own_stack.url).port, UPLOADS, UPLOAD, b"x") as uploads:
        taken, until = [], time.monotonic() + 3
        while time.monotonic() < until:
            taken.append(livez(own_stack))
        assert uploads.open == UPLOADS
    assert max(taken) < AT_ONCE


def test_livez_answers_while_a_stuck_lock_holds_all_threads(own_stack):
    with locked(own_stack, "identity_contactchallenge"), hanging(own_stack) as requests:
        taken = seconds_of_livez_until_all_are_answered(own_stack, requests)
    # They did hang, for one lock time-out after the other.
    assert len(taken) >= 10
    assert max(taken) < AT_ONCE
    assert {request.result().status for request in requests} == {503}


def test_livez_answers_while_the_database_is_frozen(own_stack, own_cluster):
    with frozen_database(own_cluster), hanging(own_stack) as requests:
        taken = seconds_of_livez_until_all_are_answered(own_stack, requests)
    assert len(taken) >= 10
    assert max(taken) < AT_ONCE
    assert {request.result().status for request in requests} == {503}
