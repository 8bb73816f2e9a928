"""`manage.py explain_deadline`: why a case is due when it is."""

from argparse import ArgumentParser
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from workflows.cases.access import normalise_number
from workflows.cases.clocks import additional_clock_models
from workflows.cases.models import BaseClock, Case
from workflows.regimes.deadlines.values import Deadline
from workflows.regimes.explain import explain


class Command(BaseCommand):
    help = (
        "Print each clock of a case: its date, its state, the arithmetic step by step, the rule "
        "and its sources, and the latest arguable date. Ends with 1 if there is no such case."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("case_number", metavar="CASE_NUMBER")
        parser.add_argument(
            "--language", default="en", choices=[code for code, _name in settings.LANGUAGES]
        )

    def handle(self, *_args: Any, case_number: str, language: str, **_options: Any) -> None:
        number = normalise_number(case_number)
        case = Case.objects.filter(number=number).first()
        if case is None:
            raise CommandError(f"There is no case {number}.")
        further = (model._default_manager.filter(case=case) for model in additional_clock_models())
        for clock in chain(case.clocks.all(), *further):
            rule = case.regime_of(clock.regime).clock(clock.kind)
            self.stdout.write(f"{clock.regime} {clock.kind}: {_headline(clock)}")
            for sentence in explain(Deadline.from_dict(clock.deadline), rule, language):
                self.stdout.write(f"- {sentence}")


def _headline(clock: BaseClock) -> str:
    """Return the clock in one line that a program can read."""
    parts = [f"due {clock.due_on}" if clock.due_on else "no day set by law", str(clock.state)]
    if clock.provisional:
        parts.append("provisional")
    if clock.latest_arguable:
        parts.append(f"latest arguable {clock.latest_arguable}")
    if clock.leads:
        parts.append("leads")
    return ", ".join(parts)
