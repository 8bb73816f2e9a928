"""`manage.py make_manifest`: makes a manifest of hits that `locate` found; needs no case."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.corpus.edits.manifest_files import package, read_hits, read_replacements
from workflows.corpus.edits.resolve import resolve
from workflows.corpus.entries import (
    REDACTION,
    EditRefused,
    EntryOrigin,
    Header,
    ManifestError,
    Op,
    Replacements,
    RequestedChange,
)
from workflows.corpus.formats.files import atomic_folder
from workflows.corpus.values import Hit
from workflows.corrections.keys import manifest_signer


class Command(BaseCommand):
    help = (
        "Make a signed manifest that changes the places which `locate` found. The hits to leave "
        "alone are to be taken out of the file before."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("hits", type=Path, help="JSONL as `locate` writes it")
        parser.add_argument("snapshot", type=Path, help="the file or folder that was searched")
        parser.add_argument("--op", choices=["redact", "replace", "delete"], default="redact")
        parser.add_argument(
            "--out", type=Path, required=True, help="a folder that is not there yet"
        )
        parser.add_argument(
            "--replacement", default="", help="with --op replace: the ref of a text"
        )
        parser.add_argument("--replacements", type=Path, help='JSONL, {"ref": …, "text": …} a line')
        parser.add_argument("--redaction", default=REDACTION, help="what stands in place of a span")
        parser.add_argument("--dataset", default="")
        parser.add_argument("--name", default="", help="the version of the snapshot")
        parser.add_argument("--id-field", default="id")
        parser.add_argument("--source-field", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        origin = EntryOrigin(
            options["dataset"], options["name"], options["id_field"], options["source_field"]
        )
        try:
            wording = Replacements(read_replacements(options["replacements"]), options["redaction"])
            changes = [
                RequestedChange(
                    Op(options["op"]),
                    hit.file,
                    hit.id,
                    hit.field,
                    hit.start,
                    hit.end,
                    replacement_ref=options["replacement"],
                    count=count,
                )
                for hit, count in _counted(read_hits(options["hits"]))
            ]
            entries = list(resolve(changes, options["snapshot"], origin, wording))
            header = Header(
                str(uuid.uuid4()),
                origin.dataset,
                origin.snapshot,
                datetime.now(UTC).isoformat(timespec="seconds"),
                wording.redaction,
            )
            files = package(header, entries, manifest_signer())
            options["out"].parent.mkdir(parents=True, exist_ok=True)
            with atomic_folder(options["out"]) as folder:
                for name, content in files.items():
                    (folder / name).write_bytes(content)
        except (ManifestError, EditRefused, OSError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        records = len({entry.place for entry in entries})
        self.stdout.write(f"entries={len(entries)} records={records}")


def _counted(hits: Iterable[Hit]) -> Iterator[tuple[Hit, int]]:
    """Yield a hit for each place, and how many records with its id have it: duplicates."""
    by_place: dict[tuple[Any, ...], tuple[Hit, int]] = {}
    for hit, count in Counter(hits).items():
        place = (hit.file, hit.id, hit.field, hit.start, hit.end)
        by_place[place] = hit, max(count, by_place.get(place, (hit, 0))[1])
    yield from by_place.values()
