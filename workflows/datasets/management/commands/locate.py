"""`manage.py locate`: finds people in the files of a dataset; needs no case and no database."""

from argparse import Namespace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.corpus.commands import CommandRefused
from workflows.corpus.commands import locate as engine


class Command(BaseCommand):
    help = engine.DESCRIPTION
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        engine.add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        say, warn = self.stdout.write, self.stderr.write
        try:
            engine.run(Namespace(**options), settings.DATASET_DATABASES, say, warn)
        except CommandRefused as refused:
            raise CommandError(str(refused), returncode=refused.exit_code) from refused
