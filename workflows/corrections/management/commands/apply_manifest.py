"""`manage.py apply_manifest`: writes a snapshot anew with the changes of a manifest made."""

import os
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.corpus.edits.apply import apply_entries
from workflows.corpus.edits.manifest_files import read_replacements
from workflows.corpus.entries import EditRefused, ManifestError, Replacements
from workflows.corrections.management.options import add_key_option, open_manifest


class Command(BaseCommand):
    help = (
        "Apply a manifest to JSONL (.jsonl, .jsonl.gz, .jsonl.zst), Parquet and plain text (.txt). "
        "The new snapshot appears beside the old one when all of it is written; the old one is not "
        "touched. Exit code 1 if the manifest does not fit, and then nothing is left behind."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("manifest", type=Path, help="a manifest's folder, or a file of entries")
        parser.add_argument("snapshot", type=Path, help="a file, or a folder of files")
        parser.add_argument("--out", type=Path, required=True, help="where the new one appears")
        parser.add_argument("--replacements", type=Path, help='JSONL, {"ref": …, "text": …} a line')
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        parser.add_argument("--id-field", default="id")
        add_key_option(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["processes"] < 1:
            raise CommandError("--processes must be 1 or more.")
        started = time.perf_counter()
        try:
            manifest = open_manifest(options["manifest"], options["key"], self.stderr)
            wording = Replacements(read_replacements(options["replacements"]), manifest.redaction)
            applied = apply_entries(
                manifest.entries,
                options["snapshot"],
                options["out"],
                wording,
                id_field=options["id_field"],
                processes=options["processes"],
            )
        except (ManifestError, EditRefused, OSError) as error:
            raise CommandError(str(error)) from error
        seconds = time.perf_counter() - started
        self.stdout.write(
            f"files={applied.files} bytes={applied.bytes} changed={applied.changed} "
            f"deleted={applied.deleted} seconds={seconds:.2f} "
            f"mb_per_s={applied.bytes / seconds / 1e6:.0f}"
        )
