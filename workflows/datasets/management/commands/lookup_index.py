"""`manage.py lookup_index`: looks one person up in the search index of a snapshot."""

import json
import time
from argparse import ArgumentParser
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.common.errors import Refused
from workflows.datasets.indexes import look_up
from workflows.datasets.lookup.persons import PersonsError, read_persons_file
from workflows.datasets.models import SearchIndex


class Command(BaseCommand):
    help = (
        "Look people up in the search index of a snapshot, one after the other. Writes one JSON "
        "object for each place found and ends with a line of figures for each person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("snapshot", type=int, help="its number in the register")
        parser.add_argument("--persons", type=Path, required=True, help="JSONL, one person a line")

    def handle(self, *_args: Any, snapshot: int, persons: Path, **_options: Any) -> None:
        index = SearchIndex.objects.filter(snapshot_id=snapshot).first()
        if index is None:
            raise CommandError("This snapshot has no index.")
        try:
            people = list(read_persons_file(persons))
            for ref, identifiers in groupby(people, key=lambda identifier: identifier.ref):
                began = time.perf_counter()
                answer = look_up(index, list(identifiers))
                seconds = time.perf_counter() - began
                for found in answer.found:
                    self.stdout.writelines(f"{hit.as_json()}\n" for hit in found.hits)
                self.stderr.write(
                    f"{json.dumps(ref)} records={len(answer.found)} "
                    f"candidates={answer.candidates} milliseconds={seconds * 1000:.1f}"
                )
        except (Refused, PersonsError, OSError) as error:
            raise CommandError(str(error)) from error
