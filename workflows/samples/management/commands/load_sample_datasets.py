"""`manage.py load_sample_datasets`: two invented datasets with the people of the sample cases."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.datasets.models import Snapshot
from workflows.samples.datasets import load_datasets
from workflows.samples.load import are_loaded


class Command(BaseCommand):
    help = (
        "Write two invented datasets, in Chinese and in English, in which the people of the sample "
        "cases stand, and register them. A second run changes nothing. Ends with 1 unless the "
        "sample cases are loaded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--megabytes", type=int, default=50, help="of both together")

    def handle(self, *_args: Any, megabytes: int, **_options: Any) -> None:
        if Snapshot.objects.exists():
            self.stdout.write("There are datasets already.")
            return
        if not are_loaded():
            raise CommandError("Load the sample cases first: manage.py load_sample_cases.")
        for snapshot in load_datasets(megabytes=megabytes):
            self.stdout.write(f"{snapshot} {snapshot.location}")
