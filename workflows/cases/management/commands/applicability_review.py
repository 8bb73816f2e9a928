"""`manage.py applicability_review`: open cases that would be under other laws today."""

from typing import Any

from django.core.management.base import BaseCommand

from workflows.cases.applicability_review import cases_under_other_laws


class Command(BaseCommand):
    help = (
        "List the open cases whose laws are not those that the provider profile in force leads to,"
        " with the laws and the days of both. Changes nothing. Exit code 1 if there is one."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = 0
        for case in cases_under_other_laws():
            found += 1
            self.stdout.write(
                f"{case.number} {case.residence}:"
                f" {', '.join(case.laws_now)} due {case.due_now or 'on no day of the law'}"
                f" -> {', '.join(case.laws_then)} due {case.due_then or 'on no day of the law'}"
            )
        self.stdout.write(f"{found} open cases would be under other laws")
        if found:
            raise SystemExit(1)
