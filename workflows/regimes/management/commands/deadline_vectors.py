"""`manage.py deadline_vectors FILE`: run a file of worked deadlines through the calculator."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.regimes.calendars import bundled_notices
from workflows.regimes.explain import explain
from workflows.regimes.rules.reader import RuleFileError
from workflows.regimes.vectors import VectorResult, calendar_differences, run


class Command(BaseCommand):
    help = (
        "Run a JSON file of deadline vectors through the calculator; print each mismatch with its"
        " arithmetic. Uses the shipped rules and calendars, no database. Exit code 1 on a failure."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file of vectors")
        parser.add_argument(
            "--lenient",
            action="store_false",
            dest="strict",
            help="print differences in what drives no clock (latest arguable date, target,"
            " provisional date, calendars) as notes, and do not count them as failures",
        )
        parser.add_argument(
            "--strict",
            action="store_true",
            default=True,
            help="count them as failures, which is the default",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        data = _read(options["file"])
        failed = 0
        for difference in calendar_differences(
            data["meta"].get("calendars") or {}, bundled_notices()
        ):
            self.stdout.write(f"note: {difference}")
            failed += options["strict"]
        try:
            outcomes = [run(vector, bundled_notices()) for vector in data["vectors"]]
        except RuleFileError as error:
            raise CommandError(str(error)) from error
        for outcome in outcomes:
            self._report(outcome)
            failed += not outcome.passed or (options["strict"] and outcome.has_notes)
        passed = sum(
            each.passed and not (options["strict"] and each.has_notes) for each in outcomes
        )
        self.stdout.write(f"{passed} passed, {failed} failed")
        if failed:
            raise SystemExit(1)

    def _report(self, outcome: VectorResult) -> None:
        """Print what a vector that fails, or differs in a note, came to."""
        if outcome.fault:
            self.stdout.write(f"FAIL {outcome.id}: {outcome.fault}")
        for reckoning in outcome.reckonings:
            for note in reckoning.notes:
                self.stdout.write(f"note {outcome.id}: {note}")
            if reckoning.problems:
                self.stdout.write(
                    f"FAIL {outcome.id} by {reckoning.by}: {'; '.join(reckoning.problems)}"
                )
                for sentence in explain(reckoning.deadline):
                    self.stdout.write(f"    {sentence}")


def _read(path: Path) -> dict[str, Any]:
    """Read the file; raises CommandError if it is not one of vectors."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: {error}") from error
    vectors = data.get("vectors") if isinstance(data, dict) else None
    if not isinstance(vectors, list) or not all(isinstance(each, dict) for each in vectors):
        raise CommandError(f'{path}: needs a list "vectors" of objects.')
    meta = data.get("meta")
    return {"vectors": vectors, "meta": meta if isinstance(meta, dict) else {}}
