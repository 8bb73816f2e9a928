"""`manage.py explain_deadline`: every clock of a case with its arithmetic."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import ERIKA, INTAKE, WANG, file, make_case
from workflows.cases import staff_actions
from workflows.cases.lifecycle import State
from workflows.notices import moves
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db


def explain(number: str, *options: str) -> str:
    out = StringIO()
    call_command("explain_deadline", number, *options, stdout=out)
    return out.getvalue()


def test_each_clock_is_printed_with_its_arithmetic_and_sources():
    case = file(ERIKA, at=datetime(2026, 3, 2, 9, tzinfo=UTC)).case

    text = explain(case.number)

    assert "EU response: due 2026-04-02, running, leads" in text.splitlines()
    assert "- Counted 1 month from" in text
    assert "- The last day is Thursday, 2 April 2026" in text
    assert "- Source: " in text


def test_every_clock_of_the_case_is_there():
    case = file(WANG).case

    text = explain(case.number, "--language", "zh-hans")

    for clock in case.clocks.all():
        assert f"{clock.regime} {clock.kind}: " in text
    assert "《" in text


def test_the_latest_arguable_date_is_named():
    case = make_case(State.TRIAGE, WANG, at=timezone.now() - timedelta(days=10))
    moves.ask_identity(case, INTAKE, "Please show who you are.")
    staff_actions.accept_identity(case, INTAKE, Assurance.MATCHED, "Two data points.")

    clock = case.clocks.get(leads=True)
    assert clock.latest_arguable > clock.due_on
    assert f"latest arguable {clock.latest_arguable}" in explain(case.number)


def test_a_pause_shows():
    case = make_case(State.TRIAGE, ERIKA, residence="GB")
    moves.ask_identity(case, INTAKE, "Please show who you are.")

    assert ", paused, " in explain(case.number)


def test_the_number_may_be_typed_carelessly():
    case = file(ERIKA).case

    assert explain(case.number.lower().replace("-", " ")) == explain(case.number)


def test_an_unknown_number_ends_with_an_error():
    with pytest.raises(CommandError, match="There is no case"):
        explain("2026-0000-0000")
