"""`manage.py backup`: database and sealed files in one folder, without any key."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from requests_portal.backup.errors import BackupError
from requests_portal.backup.making import make_backup


class Command(BaseCommand):
    help = (
        "Write the database and the sealed files into FOLDER, which must not exist yet, with a "
        "manifest of hashes and the log's checkpoint. Keys are not in it: keep VAULT_KEY, "
        "INDEX_KEY and LEDGER_KEY apart. The portal may run meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path)

    def handle(self, *_args: Any, folder: Path, **_options: Any) -> None:
        try:
            manifest = make_backup(folder.absolute())
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"tables {len(manifest.rows)}")
        self.stdout.write(f"rows {sum(manifest.rows.values())}")
        self.stdout.write(f"files {len(manifest.files)}")
        self.stdout.write(f"bytes {manifest.size}")
        self.stdout.write(f"checkpoint {folder / 'checkpoint'}")
