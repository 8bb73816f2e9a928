"""`manage.py register_dataset`: registers a dataset and a snapshot of it, from one command."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from workflows.accounts.management.options import actor_named, add_by, entry_refusal
from workflows.common.errors import InvalidEntry, Refused
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.models import Dataset, Snapshot
from workflows.datasets.read_errors import read_error_of
from workflows.datasets.register import save_dataset, save_snapshot
from workflows.vocabulary.outcomes import Scope

_TEXTS = (
    "origin",
    "legal-basis",
    "purposes",
    "disclosed-to",
    "transfers",
    "licence",
    "types",
    "scale",
    "labelling-rules",
    "retention",
)


class Command(BaseCommand):
    help = (
        "Register a dataset, or take a known one by its name, and with --location a snapshot of "
        "it, which a worker then reads. Exit code 1 if it is refused or, with --read, unreadable."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--scope", choices=Scope.values)
        parser.add_argument("--description")
        for text in _TEXTS:
            parser.add_argument(f"--{text}")
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            help="the texts of which people are told are a translation into this language",
        )
        parser.add_argument("--location", help="file or folder, or DATABASE/schema.table")
        parser.add_argument("--snapshot", default="1", help="version of the snapshot")
        parser.add_argument(
            "--format", choices=Snapshot.Format.values, default=Snapshot.Format.JSONL
        )
        parser.add_argument("--id-field", default="id")
        parser.add_argument("--text-field", action="append", help="may be given several times")
        parser.add_argument("--source-field", default="")
        parser.add_argument("--read", action="store_true", help="read the snapshot here and now")
        add_by(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            snapshot = self._register(options)
        except InvalidEntry as error:
            raise entry_refusal(error) from error
        except Refused as error:
            raise CommandError(str(error)) from error
        if snapshot is not None and options["read"]:
            read_snapshot(snapshot.pk)
            snapshot.refresh_from_db()
            if not snapshot.is_readable:
                raise CommandError(read_error_of(snapshot))
            self.stdout.write(f"records {snapshot.rows} bytes {snapshot.bytes}")

    @transaction.atomic
    def _register(self, options: dict[str, Any]) -> Snapshot | None:
        actor = actor_named(options["by"])
        dataset = Dataset.objects.filter(name=options["name"]).first()
        dataset = dataset or Dataset(name=options["name"])
        for text in ("scope", "description", *(text.replace("-", "_") for text in _TEXTS)):
            if options[text] is None:
                continue
            if options["language"] and text in Dataset.TOLD:
                translated = dataset.translations.get(options["language"], {})
                translated = {**translated, text: options[text]}
                dataset.translations = {**dataset.translations, options["language"]: translated}
            else:
                setattr(dataset, text, options[text])
        save_dataset(dataset, actor)
        self.stdout.write(f"dataset {dataset.pk} {dataset}")
        if not options["location"]:
            return None
        snapshot = Snapshot(
            dataset=dataset,
            version=options["snapshot"],
            format=options["format"],
            location=options["location"],
            id_field=options["id_field"],
            text_fields=options["text_field"] or ["text"],
            source_field=options["source_field"],
        )
        save_snapshot(snapshot, actor)
        self.stdout.write(f"snapshot {snapshot.pk} {snapshot}")
        return snapshot
