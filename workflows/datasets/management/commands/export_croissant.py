"""`manage.py export_croissant`: writes the metadata of a dataset as Croissant 1.1."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.datasets.croissant.exporting import export_croissant
from workflows.datasets.models import Dataset, Snapshot


class Command(BaseCommand):
    help = "Write the metadata of a dataset as Croissant 1.1 JSON-LD to the standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its name or number in the register")
        parser.add_argument("--snapshot", help="a version; the newest one if left out")

    def handle(self, *_args: Any, dataset: str, snapshot: str | None, **_options: Any) -> None:
        try:
            found = (
                Dataset.objects.get(pk=int(dataset))
                if dataset.isdecimal()
                else Dataset.objects.get(name=dataset)
            )
            version = found.snapshots.get(version=snapshot) if snapshot else None
        except (Dataset.DoesNotExist, Snapshot.DoesNotExist) as error:
            raise CommandError("There is no such dataset or snapshot.") from error
        document = export_croissant(found, version)
        self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
