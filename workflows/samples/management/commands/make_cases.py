"""`manage.py make_cases`: many open cases, to try the portal with 100,000 of them."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand

from workflows.samples.bulk_cases import make_bulk_cases


class Command(BaseCommand):
    help = (
        "Make N open cases of invented people, each with its events in the log. Nobody is mailed. "
        "For trying only: they cannot be told from real ones later, and the log keeps them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", metavar="N", type=_positive)
        parser.add_argument("--seed", type=int, help="make the same people again")

    def handle(self, *_args: Any, count: int, seed: int | None, **options: Any) -> None:
        started = time.monotonic()
        for made in make_bulk_cases(count, seed=seed):
            if options["verbosity"] > 1:
                self.stderr.write(f"{made} of {count}")
        seconds = time.monotonic() - started
        self.stdout.write(f"cases {count}")
        self.stdout.write(f"seconds {seconds:.1f}")
        self.stdout.write(f"cases a second {count / max(seconds, 0.001):.0f}")


def _positive(text: str) -> int:
    """Read a number of cases; raises ArgumentTypeError for none or fewer."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise ArgumentTypeError(f"{text} is not a number of cases")
    return count
