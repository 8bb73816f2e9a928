"""`manage.py erase_again`: after a restore, erases again what the log says was erased."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from workflows.ledger.copies import CopyError
from workflows.retention.erasing_again import erase_again, erasures_in_copy, erasures_in_log
from workflows.vault.files import sweep_orphans


class Command(BaseCommand):
    help = (
        "Erase again each case that was erased since DATE and that a restore has brought back. "
        "Which these are, the log of this database says, and a newer copy of it: --log takes a "
        "folder of ledger_copy, or an export as folder or ZIP, and may be given more than once. "
        "Give as DATE the day on which the backup was taken. Running it again does no harm."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", required=True, type=_moment, metavar="DATE")
        parser.add_argument(
            "--log", type=Path, action="append", default=[], metavar="COPY",
            help="a copy of the log that is newer than the backup",
        )  # fmt: skip

    def handle(self, *_args: Any, since: datetime, log: list[Path], **_options: Any) -> None:
        try:
            known = erasures_in_log(since)
            for place in log:
                known += erasures_in_copy(place, since)
        except CopyError as error:
            raise CommandError(str(error)) from error
        done = erase_again(known)
        for number in done.again:
            self.stdout.write(f"erased again {number}")
        self.stdout.write(f"erased again {len(done.again)}")
        self.stdout.write(f"erased already {done.already}")
        self.stdout.write(f"not in this database {done.unknown}")
        self.stdout.write(f"files without a row removed {sweep_orphans()}")
        if not log:
            self.stdout.write(
                "not looked at: erasures that the log of this database has lost (--log)"
            )


def _moment(text: str) -> datetime:
    """Read a day, which begins at midnight UTC, or a moment with its time zone."""
    try:
        day, moment = parse_date(text), parse_datetime(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is no date.") from error
    if day is not None and moment is None:
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if moment is None:
        raise ArgumentTypeError(f"{text} is no date; write 2026-01-31 or 2026-01-31T10:00Z.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
