"""`manage.py ledger_key`: prints the public key of the log."""

from typing import Any

from django.core.management.base import BaseCommand

from workflows.ledger.keys import log_vkey


class Command(BaseCommand):
    help = "Print the public key of the log (vkey), to be handed to regulators apart from exports."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(log_vkey())
