"""`manage.py rescan`: looks whether a new snapshot still holds what was to go."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.corpus.edits.manifest_files import read_hits, read_replacements
from workflows.corpus.edits.residual import OriginalSnapshot, Residual, expected_hits, rescan
from workflows.corpus.entries import EditRefused, ManifestError, Replacements
from workflows.corpus.formats.shards import ignored_files
from workflows.corpus.locate import ScanAborted
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import (
    PersonsError,
    ReadError,
    Schema,
    is_document,
    read_persons_file,
)
from workflows.corrections.management.options import add_key_option, open_manifest

CANNOT_BE_READ = 2


class Command(BaseCommand):
    help = (
        "Look in a new snapshot for what a manifest was to take out. Writes one JSON object for "
        "each place where something is left. Exit code 0: nothing is left; 1: something is; 2: the "
        "manifest or the snapshot cannot be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("manifest", type=Path, help="a manifest's folder, or a file of entries")
        parser.add_argument("snapshot", type=Path, help="the new snapshot, a file or a folder")
        parser.add_argument("--persons", type=Path, help="JSONL, the people who must not be found")
        parser.add_argument(
            "--may-stay", type=Path, help="JSONL, hits in the old snapshot that are someone else's"
        )
        parser.add_argument(
            "--old", type=Path, help="the old snapshot, with which plain text is compared"
        )
        parser.add_argument("--replacements", type=Path, help='JSONL, {"ref": …, "text": …} a line')
        parser.add_argument("--processes", type=int, default=1)
        parser.add_argument("--id-field", default="id")
        parser.add_argument("--text-field", action="append", help="may be given several times")
        add_key_option(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["processes"] < 1:
            raise CommandError("--processes must be 1 or more.", returncode=CANNOT_BE_READ)
        schema = Schema(options["id_field"], tuple(options["text_field"] or ["text"]))
        try:
            manifest = open_manifest(options["manifest"], options["key"], self.stderr)
            persons = options["persons"]
            patterns = Patterns(read_persons_file(persons)) if persons else None
            may_stay = expected_hits(read_hits(options["may_stay"]) if options["may_stay"] else ())
            wording = Replacements(read_replacements(options["replacements"]), manifest.redaction)
            documents = any(is_document(entry.file) for entry in manifest.entries)
            if said := ignored_files(options["snapshot"], documents=documents):
                self.stderr.write(said)
            before = OriginalSnapshot(options["old"], wording) if options["old"] else None
            left = [
                self._say(place)
                for place in rescan(
                    manifest.entries,
                    options["snapshot"],
                    schema,
                    patterns,
                    may_stay,
                    processes=options["processes"],
                    before=before,
                )
            ]
        except (ManifestError, EditRefused, PersonsError, ReadError, OSError, ScanAborted) as error:
            raise CommandError(str(error), returncode=CANNOT_BE_READ) from error
        if left:
            raise CommandError(f"{len(left)} places are left.")
        self.stderr.write("Nothing is left.")

    def _say(self, place: Residual) -> Residual:
        self.stdout.write(json.dumps(asdict(place), ensure_ascii=False))
        return place
