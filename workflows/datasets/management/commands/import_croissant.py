"""`manage.py import_croissant`: registers the dataset that a Croissant file describes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.accounts.management.options import actor_named, add_by, entry_refusal
from workflows.common.errors import InvalidEntry, Refused
from workflows.datasets.croissant.importing import import_croissant


class Command(BaseCommand):
    help = (
        "Register the dataset that a Croissant 1.0 or 1.1 file describes, and its snapshot if the "
        "files are on this server. Nothing is approved by it. Exit code 1 if it is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        add_by(parser)

    def handle(self, *_args: Any, file: Path, by: str, **_options: Any) -> None:
        try:
            dataset, snapshot = import_croissant(file.read_bytes(), actor_named(by))
        except InvalidEntry as error:
            raise entry_refusal(error) from error
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"dataset {dataset.pk} {dataset}")
        self.stdout.write(f"snapshot {snapshot.pk} {snapshot}" if snapshot else "no new snapshot")
