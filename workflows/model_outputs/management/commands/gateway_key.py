"""`manage.py gateway_key`: prints what a model gateway needs to trust and apply the list."""

import base64
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workflows.model_outputs.suppression import gateway_keys, suppression_signer


class Command(BaseCommand):
    help = (
        "Print the public key (vkey) with which the output suppression list is signed. A gateway "
        "pins it: it is handed over once, by another way than the list, and never fetched."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--comparison-key",
            action="store_true",
            help="print instead, in base64, the secret keys with which keyed hashes are "
            "compared, a line each, the newest first; who has them can try phrases on the list",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["comparison_key"]:
            for key in gateway_keys():
                self.stdout.write(base64.b64encode(key).decode())
        else:
            self.stdout.write(suppression_signer().verifier.vkey)
