"""Kills a process that shares its work with others, and looks that none of these lives on."""

import multiprocessing
import os
import select
import time
from collections.abc import Callable
from typing import Any

import pytest

SECONDS = 10


def assert_nobody_outlives(
    whole: Callable[[], Any], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Do `whole` in a process, and kill it while others are at the function that `part` names."""
    reading, writing = os.pipe()

    def work(*_: object) -> None:
        os.write(writing, b"!")
        time.sleep(3 * SECONDS)

    with monkeypatch.context() as patched:
        patched.setattr(part, work)
        process = multiprocessing.get_context("fork").Process(target=whole)
        process.start()
        os.close(writing)
        assert os.read(reading, 1) == b"!"
        process.kill()  # so that it can tell its workers nothing
        process.join()
    assert select.select([reading], [], [], SECONDS)[0]
    assert os.read(reading, 1) == b""  # nobody is left who could write
    os.close(reading)
