"""`manage.py apply_manifest`: writes a snapshot anew with the changes of a manifest made."""

from argparse import Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.corpus.commands import CommandRefused
from workflows.corpus.commands import apply as engine
from workflows.corpus.entries import ManifestError
from workflows.corrections.management.options import add_key_option, open_manifest


class Command(BaseCommand):
    help = engine.DESCRIPTION
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        engine.add_arguments(parser)
        add_key_option(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            manifest = open_manifest(options["manifest"], options["key"], self.stderr)
            engine.run(Namespace(**options), manifest, self.stdout.write)
        except (ManifestError, CommandRefused) as error:
            raise CommandError(str(error)) from error
