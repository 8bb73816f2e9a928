"""A reload of the web: nobody is refused, and nobody waits for it."""

import contextlib
import http.client
import itertools
import os
import signal
import threading
import time
import urllib.request
from typing import Self

import psutil
import pytest

from tests.stack import Stack, eventually

pytestmark = pytest.mark.stack

# On a machine that does much else. What the processes of old kept people waiting for was 21 s.
GAP = 10.0


def workers(stack: Stack) -> set[int]:
    found = set()
    for child in psutil.Process(stack.pids()["web"]).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            # The other child is multiprocessing's own, and stays.
            if "resource_tracker" not in "".join(child.cmdline()):
                found.add(child.pid)
    return found


class Visitors:
    """Ask for a page again and again, each on a new connection.

    A connection that a worker has taken and on which it has heard nothing yet is closed when the
    worker leaves. A client asks once more then, as browsers and proxies do (RFC 9110, 9.2.2); what
    is closed a second time, or within an answer, is a fault.
    """

    def __init__(self, url: str, number: int) -> None:
        self.answered: list[float] = []
        self.faults: list[BaseException] = []
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(number)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._over.wait(0.02):
            try:
                try:
                    self._get()
                except http.client.RemoteDisconnected:
                    self._get()
            except (OSError, AssertionError) as fault:
                self.faults.append(fault)
            else:
                self.answered.append(time.monotonic())

    def _get(self) -> None:
        with urllib.request.urlopen(self._url, timeout=30) as answer:
            answer.read()
            assert answer.status == 200

    def wait_for_answers(self) -> None:
        """Return when each visitor has been answered, or has failed, a few times more."""
        until = len(self.answered) + len(self.faults) + 5 * len(self._threads)
        eventually(lambda: len(self.answered) + len(self.faults) >= until, "answers")

    @property
    def longest_gap(self) -> float:
        times = sorted(self.answered)
        return max(later - earlier for earlier, later in itertools.pairwise(times))


def test_old_workers_leave_when_new_ones_answer(own_stack):
    old = workers(own_stack)
    master = own_stack.pids()["web"]
    assert len(old) == 2
    with (
        Visitors(f"{own_stack.url}/livez", 2) as probes,
        Visitors(f"{own_stack.url}/en/", 2) as people,
    ):
        probes.wait_for_answers()
        people.wait_for_answers()
        os.kill(master, signal.SIGHUP)
        eventually(lambda: not workers(own_stack) & old, "the old workers have left", 240)
        probes.wait_for_answers()
        people.wait_for_answers()
    eventually(lambda: len(workers(own_stack)) == 2, "there are as many new ones")
    assert own_stack.pids()["web"] == master
    assert not probes.faults
    assert not people.faults
    assert probes.longest_gap < GAP
    assert people.longest_gap < GAP
