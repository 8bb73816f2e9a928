"""`manage.py export_manifest`: says a manifest as a table for one merge."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.corpus.edits.manifest_files import merge_table, read_replacements
from workflows.corpus.entries import EditRefused, ManifestError, Replacements
from workflows.corrections.management.options import add_key_option, open_manifest


class Command(BaseCommand):
    help = (
        "Write a manifest for other tools: a Parquet table id, op, new_text for one MERGE into "
        "Delta or Iceberg."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("manifest", type=Path, help="a manifest's folder, or a file of entries")
        parser.add_argument("snapshot", type=Path, help="the snapshot that it was made for")
        parser.add_argument("--to", choices=["merge"], default="merge")
        parser.add_argument("--out", type=Path, required=True, help="a folder")
        parser.add_argument("--replacements", type=Path, help='JSONL, {"ref": …, "text": …} a line')
        parser.add_argument("--id-field", default="id")
        add_key_option(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        out: Path = options["out"]
        try:
            manifest = open_manifest(options["manifest"], options["key"], self.stderr)
            wording = Replacements(read_replacements(options["replacements"]), manifest.redaction)
            snapshot, id_field = options["snapshot"], options["id_field"]
            out.mkdir(parents=True, exist_ok=True)
            table = merge_table(manifest.entries, snapshot, wording, id_field=id_field)
            (out / "merge.parquet").write_bytes(table)
        except (ManifestError, EditRefused, OSError) as error:
            raise CommandError(str(error)) from error
