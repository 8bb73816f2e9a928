"""`manage.py check_clocks`: holds the stored dates against what the events derive."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.cases.clocks import (
    additional_clock_models,
    derive_deadlines,
    differing_clocks,
    lead_differs,
    rederive_clock,
)
from workflows.cases.models import BaseClock, Case


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
        for clock in _further_clocks():
            derived = rederive_clock(clock).lead_before
            if derived != clock.due_at:
                differing += 1
                self.stdout.write(f"{clock.case.number} {_difference(clock, derived)}")
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
    derived = derive_deadlines(case)
    return [
        _difference(clock, derived[clock.regime, clock.kind].lead_before) for clock in differing
    ]


def _further_clocks() -> Iterator[BaseClock]:
    for model in additional_clock_models():
        running = model._default_manager.filter(stopped_at=None)
        yield from running.select_related("case").order_by("pk").iterator(chunk_size=500)


def _difference(clock: BaseClock, derived: datetime | None) -> str:
    return f"{clock.regime} {clock.kind}: stored {clock.due_at}, derived {derived}"


def _lead_difference(case: Case) -> list[str]:
    return [f"case: stored {case.due_at}, not the earliest clock"] if lead_differs(case) else []
