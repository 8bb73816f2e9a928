"""`manage.py applicability_vectors FILE`: run a file of worked examples of which laws apply."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.cases.applicability_vectors import run


class Command(BaseCommand):
    help = (
        "Run a JSON file of applicability vectors: which laws apply to a person and a provider,"
        " which leads, and when its first item is due. Prints each difference. Uses the shipped"
        " rules and calendars, no database. Exit code 1 on a failure."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file of vectors")

    def handle(self, *_args: Any, **options: Any) -> None:
        results = [run(vector) for vector in _read(options["file"])]
        for result in results:
            for difference in result.differences:
                self.stdout.write(f"FAIL {result.id}: {difference}")
        passed = sum(result.passed for result in results)
        self.stdout.write(f"{passed} passed, {len(results) - passed} failed")
        if passed < len(results):
            raise SystemExit(1)


def _read(path: Path) -> list[dict[str, Any]]:
    """Read the vectors of a file; raises CommandError if it is not one of them."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: {error}") from error
    vectors = data.get("vectors") if isinstance(data, dict) else None
    if not isinstance(vectors, list) or not all(isinstance(each, dict) for each in vectors):
        raise CommandError(f'{path}: needs a list "vectors" of objects.')
    return vectors
