"""`manage.py ledger_copy`: keeps a copy of the log in a folder, without any contents of cases."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.ledger.copies import CopyError, write_copy


class Command(BaseCommand):
    help = (
        "Write the log into FOLDER, or bring the copy there up to date: checkpoint, tiles and "
        "entries, without contents of cases. Kept apart from backups it says after a restore which "
        "cases were erased since (erase_again --log FOLDER), and shows whether the log goes on "
        "(ledger_verify --previous FOLDER/checkpoint). Ends with 1 when the log is shorter than "
        "the copy."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path)

    def handle(self, *_args: Any, folder: Path, **_options: Any) -> None:
        try:
            size = write_copy(folder)
        except CopyError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"events {size}")
