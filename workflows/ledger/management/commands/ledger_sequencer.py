"""`manage.py ledger_sequencer`: gives events their place in the log and signs checkpoints."""

import signal
from argparse import ArgumentParser
from threading import Event as Flag
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.ledger.sequencer import SequencerError, drain_inbox, run


class Command(BaseCommand):
    help = (
        "Give new events their place in the log and sign checkpoints, until stopped with SIGTERM "
        "or Ctrl-C. A second sequencer does no harm. Ends with 1 when the log cannot go on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="sequence what waits, print the size, and end"
        )

    def handle(self, *_args: Any, once: bool, **_options: Any) -> None:
        try:
            if once:
                self.stdout.write(f"{drain_inbox()}")
                return
            stop = Flag()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            run(stop)
        except SequencerError as error:
            raise CommandError(str(error)) from error
