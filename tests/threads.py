"""Runs pieces of work at the same moment, each with a database connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from workflows.common.errors import DomainError


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run callables in threads that start together; return results and refusals, in order."""
    together = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            together.wait()
            results[place] = work()
        except DomainError as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
