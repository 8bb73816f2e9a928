"""`manage.py ledger_verify`: checks the whole log."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.ledger.verify import LogFaultError, verify_log


class Command(BaseCommand):
    help = (
        "Check every event, place, tile, checkpoint, step and register number of the log. "
        "Prints OK, or the first fault, and then ends with 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--previous",
            type=Path,
            metavar="CHECKPOINT",
            help="file with a checkpoint that was kept: shows a log rolled back or rewritten since",
        )

    def handle(self, *_args: Any, previous: Path | None, **_options: Any) -> None:
        try:
            kept = None if previous is None else previous.read_bytes()
            verified = verify_log(previous=kept)
        except OSError as error:
            raise CommandError(f"Cannot read {previous}: {error.strerror}.") from error
        except LogFaultError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"events {verified.size}")
        self.stdout.write(f"checkpoints {verified.checkpoints}")
        self.stdout.write(f"cosignatures {verified.cosignatures}")
        if verified.timestamps is not None:
            self.stdout.write(f"timestamps {verified.timestamps}")
        self.stdout.write(f"waiting {verified.waiting}")
        self.stdout.write(f"root {verified.root.hex()}")
        if verified.timestamps is None:
            self.stdout.write("not checked: timestamps (TIMESTAMP_CERTIFICATES is not set)")
        if previous is None:
            self.stdout.write("not checked: whether an earlier checkpoint still holds (--previous)")
        self.stdout.write("OK")
