"""`manage.py check_facts`: holds what figures are counted from against the cases."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.oversight.facts import derive_anew, differing


class Command(BaseCommand):
    help = (
        "Derive the facts that figures are counted from anew from all cases, and compare them and "
        "their subtotals with what is stored. Ends with 1 where they differ. Changes nothing, but "
        "with --repair."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="write them anew where they differ"
        )

    def handle(self, *_args: Any, repair: bool, **_options: Any) -> None:
        cases, subtotals = differing()
        if not (cases or subtotals):
            self.stdout.write("OK")
            return
        said = f"The facts of {cases} cases and {subtotals} subtotals are not as derived."
        if not repair:
            raise CommandError(said)
        derive_anew()
        self.stdout.write(f"{said} They were written anew.")
