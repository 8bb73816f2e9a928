"""The counts of all workers of the web are one, whoever is asked and whoever has ended."""

import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.abuse.conftest import METRICS_TOKEN
from tests.abuse.test_reload_gap import workers
from tests.stack import Stack, eventually

pytestmark = pytest.mark.stack

ASKED = 30


def counted(stack: Stack, name: str, **labels: str) -> float:
    """Return the sum of a metric over all samples that have these labels."""
    request = urllib.request.Request(
        f"{stack.url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == f"portal_http_{name}" and sample.labels.items() >= labels.items()
    )


def homes(stack: Stack) -> float:
    """Return how many requests for the first page were counted."""
    return counted(stack, "request_duration_seconds_count", view="home")


def ask_for_home(stack: Stack) -> None:
    for _ in range(ASKED):
        with urllib.request.urlopen(f"{stack.url}/en/", timeout=30) as answer:
            answer.read()


def files(stack: Stack) -> set[int]:
    """Return the pids of the workers that have counted something into the folder."""
    environment = psutil.Process(next(iter(workers(stack)))).environ()
    folder = Path(environment["PROMETHEUS_MULTIPROC_DIR"])
    return {int(file.stem.partition("_")[2]) for file in folder.iterdir()}


def test_workers_count_together_and_a_counter_never_goes_back(own_stack):
    before = homes(own_stack)
    ask_for_home(own_stack)
    assert {homes(own_stack) for _ in range(10)} == {before + ASKED}
    assert len(files(own_stack)) >= 2

    killed = workers(own_stack)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(workers(own_stack) - killed) == 2, "they are replaced")
    assert homes(own_stack) == before + ASKED

    old = workers(own_stack)
    os.kill(own_stack.pids()["web"], signal.SIGHUP)
    eventually(lambda: not workers(own_stack) & old, "the old workers have left", 240)
    ask_for_home(own_stack)
    assert homes(own_stack) == before + 2 * ASKED


def test_what_is_refused_before_django_is_counted(own_stack):
    def refused() -> float:
        return counted(own_stack, "bodies_refused_total", status="413")

    before = refused()
    too_large = urllib.request.Request(
        f"{own_stack.url}/en/verify/", method="POST", headers={"Content-Length": "99999999"}
    )
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(too_large, timeout=30)
    with answer.value as error:
        assert error.status == 413
    assert refused() == before + 1


def test_the_wait_for_a_thread_is_counted(own_stack):
    before = counted(own_stack, "thread_wait_seconds_count")
    ask_for_home(own_stack)
    # The request for the numbers waited, too, and was counted before it was answered.
    assert counted(own_stack, "thread_wait_seconds_count") == before + ASKED + 1
