"""`manage.py load_sample_cases`: invented staff and cases for trying the portal."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.samples.load import SamplesRefused, are_loaded, load_samples
from workflows.samples.logins import logins_file


class Command(BaseCommand):
    help = (
        "Load invented staff, teams, regulators and cases in every state, and write the log-ins "
        "to a file. A second run changes nothing. Ends with 1 where there are other cases."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="load them although there are other cases"
        )

    def handle(self, *_args: Any, force: bool, **_options: Any) -> None:
        if are_loaded():
            self.stdout.write("The sample cases are loaded already.")
            return
        try:
            loaded = load_samples(force=force)
        except SamplesRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"cases {loaded}")
        self.stdout.write(f"log-ins {logins_file()}")
