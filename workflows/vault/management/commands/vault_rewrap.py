"""Wrap all data keys with the current key-encryption key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.vault.crypto import DecryptionFailed
from workflows.vault.services import rewrap


class Command(BaseCommand):
    help = (
        "Wraps every data key again with VAULT_KEY. Put the former key into VAULT_OLD_KEYS first; "
        "remove it from there once this has run. Exit code 1 when a former key is missing."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            count = rewrap()
        except DecryptionFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} data keys wrapped anew.")
