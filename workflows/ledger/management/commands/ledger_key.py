"""`manage.py ledger_key`: prints the public key of the log, or that of receipts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workflows.ledger.keys import RECEIPTS, log_vkey, signer_for


class Command(BaseCommand):
    help = "Print the public key of the log (vkey), to be handed to regulators apart from exports."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--receipts", action="store_true", help="the key by which receipts of people are signed"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        receipts = options["receipts"]
        self.stdout.write(signer_for(RECEIPTS).verifier.vkey if receipts else log_vkey())
