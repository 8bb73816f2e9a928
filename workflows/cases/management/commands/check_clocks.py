"""`manage.py check_clocks`: holds the stored dates against what the events derive."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.cases.clocks import derive, differing_clocks, lead_differs
from workflows.cases.models import Case


class Command(BaseCommand):
    help = (
        "Derive every running clock of every case anew from its events, and compare it with what "
        "is stored. Prints each difference, and then ends with 1. Changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        cases = differing = 0
        # One case after another, so that the memory stays the same for any number of them.
        for case in _all_cases():
            cases += 1
            differences = [*_clock_differences(case), *_lead_difference(case)]
            differing += bool(differences)
            for line in differences:
                self.stdout.write(f"{case.number} {line}")
        self.stdout.write(f"cases {cases}")
        if differing:
            raise CommandError(f"The stored dates of {differing} cases are not as derived.")
        self.stdout.write("OK")


def _all_cases() -> Iterator[Case]:
    cases = Case.objects.order_by("pk").prefetch_related("clocks", "clock_events")
    return cases.iterator(chunk_size=500)


def _clock_differences(case: Case) -> list[str]:
    differing = differing_clocks(case)
    if not differing:
        return []
    derived = derive(case)
    return [
        f"{clock.regime} {clock.kind}: stored {clock.due_at},"
        f" derived {derived[clock.regime, clock.kind].lead_before}"
        for clock in differing
    ]


def _lead_difference(case: Case) -> list[str]:
    return [f"case: stored {case.due_at}, not the earliest clock"] if lead_differs(case) else []
