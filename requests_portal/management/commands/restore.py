"""`manage.py restore`: a backup into an empty database and an empty folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from requests_portal.backup.errors import BackupError
from requests_portal.backup.restoring import missing_keys, restore_backup


class Command(BaseCommand):
    help = (
        "Restore the backup in FOLDER into the database of DATABASE_OWNER_URL and into MEDIA_ROOT, "
        "which must both be empty, before any process of the portal runs. Prints what to do then. "
        "Ends with 1, and changes nothing, when the backup is damaged, of another version, or does "
        "not fit; and with 1 when the keys in the settings are not those of the backup."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path)

    def handle(self, *_args: Any, folder: Path, **_options: Any) -> None:
        try:
            manifest = restore_backup(folder.absolute())
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"rows {sum(manifest.rows.values())}")
        self.stdout.write(f"files {len(manifest.files)}")
        wrong = missing_keys(manifest)
        self.stdout.write(
            "Restored. Before the portal runs:\n"
            "  manage.py migrate\n"
            f"  manage.py ledger_verify --previous {folder / 'checkpoint'}\n"
            f"  manage.py erase_again --since {manifest.made_at[:10]} --log COPY\n"
            "where COPY is a copy of the log that is newer than the backup."
        )
        if wrong:
            raise CommandError("\n".join(wrong))
