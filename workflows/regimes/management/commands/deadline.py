"""`manage.py deadline`: explain one date without a case."""

from datetime import datetime
from typing import Any, cast, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.regimes.calendars import HolidayNotice, bundled_notices
from workflows.regimes.deadlines.values import ClockEvent, Deadline, EventName
from workflows.regimes.explain import explain
from workflows.regimes.registry import UnknownRegimeError, get_regime
from workflows.regimes.rules.reader import RuleFileError
from workflows.regimes.rules.regime import UnknownClockError
from workflows.regimes.services import deadlines_at


class Command(BaseCommand):
    help = "Explain one deadline: its date, its arithmetic, its rule and sources. No database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--regime", required=True, help="CN, EU, UK, US-CA, …")
        parser.add_argument("--at", default="", help="where the person lives, such as DE-BE")
        parser.add_argument("--kind", default="", help="the clock; by default the leading one")
        parser.add_argument(
            "--received", required=True, metavar="INSTANT", help="2026-01-31T10:00+01:00"
        )
        parser.add_argument(
            "--event",
            action="append",
            default=[],
            metavar="NAME=INSTANT",
            help=f"a later event, may be repeated; names: {', '.join(get_args(EventName))}",
        )
        parser.add_argument(
            "--language", default="en", choices=[code for code, _name in settings.LANGUAGES]
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            regime = get_regime(options["regime"])
            clock = regime.clock(options["kind"] or regime.lead)
        except UnknownClockError as error:
            kinds = ", ".join(get_regime(options["regime"]).clocks)
            raise CommandError(f"{error} It has: {kinds}.") from error
        except (UnknownRegimeError, RuleFileError) as error:
            raise CommandError(str(error)) from error
        events = [_event(f"received={options['received']}"), *map(_event, options["event"])]
        residence = options["at"] or regime.default_place
        if not regime.covers(residence):
            self.stderr.write(f"{residence} is not a place of {regime.code}: its default is used.")
        found = deadlines_at(regime, [clock.kind], events, residence, _shipped)
        deadline = found[clock.kind]
        self.stdout.write(f"{regime.code} {clock.kind}: {_headline(deadline)}")
        for sentence in explain(deadline, clock, options["language"]):
            self.stdout.write(f"- {sentence}")


def _shipped(_regions: object) -> tuple[HolidayNotice, ...]:
    return bundled_notices()


def _event(text: str) -> ClockEvent:
    """Read NAME=INSTANT; raises CommandError."""
    name, _, instant = text.partition("=")
    try:
        return ClockEvent(cast("EventName", name), datetime.fromisoformat(instant))
    except ValueError as error:
        raise CommandError(f"{text}: {error}") from error


def _headline(deadline: Deadline) -> str:
    """Return the date in one line, as machine-readable as it can be."""
    if deadline.due_on:
        line = f"due {deadline.due_on}"
    elif deadline.provisional_on:
        line = f"provisionally due {deadline.provisional_on}"
    else:
        line = "no statutory date"
    if deadline.target_on:
        line += f", target {deadline.target_on}"
    if deadline.latest_arguable:
        line += f", latest arguable {deadline.latest_arguable}"
    return line + (f" [{', '.join(deadline.flags)}]" if deadline.flags else "")
