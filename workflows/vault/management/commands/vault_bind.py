"""`manage.py vault_bind`: binds values to their rows that an older portal has sealed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.vault.binding import bind_rows, sealed_tables
from workflows.vault.crypto import DecryptionFailed


class Command(BaseCommand):
    help = (
        "Bind sealed values to their rows. `migrate` does it once; run this after an upgrade "
        "during which processes of the older release were still writing: what they wrote cannot "
        "be read before. Each value is taken to lie where it belongs: run it for nothing else."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            bound = sum(bind_rows(table) for table in sealed_tables())
        except DecryptionFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"bound {bound} rows")
