"""Fees: where the law allows one, what it does to the clocks, and what the person is told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.factories import ERIKA, INTAKE, REVIEWER, WANG, make_case
from workflows.cases import fees
from workflows.cases.clocks import differing_clocks
from workflows.cases.correspondence import withdraw
from workflows.cases.errors import InvalidInput, MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock, Message
from workflows.cases.timeline import public_timeline
from workflows.ledger.selectors import events_of_case
from workflows.notices import moves
from workflows.regimes.services import all_regimes

pytestmark = pytest.mark.django_db

WHY = "The tenth copy this year. Pay by bank transfer with the case number."


def lead(case: Case) -> Clock:
    return case.clocks.get(leads=True)


def british(days: int = 10) -> Case:
    ago = timezone.now() - timedelta(days=days)
    return make_case(State.TRIAGE, ERIKA, residence="GB-ENG", at=ago)


def ask(case: Case, amount: str = "12.50", currency: str = "EUR", reasons: str = WHY) -> Message:
    return moves.ask_fee(case, REVIEWER, Decimal(amount), currency, reasons)


def test_the_person_is_told_the_amount_the_reason_and_that_they_may_withdraw():
    case = make_case(State.TRIAGE, ERIKA)

    message = ask(case)

    assert case.state == State.FEE_NEEDED
    assert message.kind == Message.Kind.FEE
    assert "12.50 EUR" in message.body
    assert WHY in message.body
    assert "You may withdraw the request" in message.body
    asked = next(event for event in events_of_case(case.pseudonym) if event.name == "fee.asked")
    assert asked.facts["amount"] == "12.50 EUR"
    assert "We asked you for a fee." in [step.sentence for step in public_timeline(case)]


def test_the_person_can_withdraw_in_place_of_paying():
    case = make_case(State.FEE_NEEDED, ERIKA)

    withdraw(case)

    assert case.state == State.WITHDRAWN


@pytest.mark.parametrize(
    ("amount", "currency", "reasons"),
    [
        ("0", "EUR", WHY),
        ("-1", "EUR", WHY),
        ("0.001", "EUR", WHY),
        ("1000000.01", "EUR", WHY),
        ("NaN", "EUR", WHY),
        ("Infinity", "EUR", WHY),
        ("5", "euro", WHY),
        ("5", "", WHY),
        ("5", "EUR", "  "),
    ],
)
def test_a_fee_needs_an_amount_a_currency_and_a_reason(amount, currency, reasons):
    case = make_case(State.TRIAGE, ERIKA)

    with pytest.raises(InvalidInput):
        ask(case, amount, currency, reasons)

    assert case.state == State.TRIAGE
    assert not case.messages.exists()


@pytest.mark.parametrize(
    ("residence", "kind", "allowed"),
    [
        ("CN", "delete", False),
        ("CN", "transfer", True),
        ("DE-BE", "copy", True),
        ("DE-BE", "withdraw_consent", False),
        ("GB-SCT", "copy", True),
        ("US-CA", "copy", False),
        ("BR", "copy", False),
        ("JP", "copy", True),
        ("JP", "delete", False),
        ("IN", "copy", False),
    ],
)
def test_the_regime_says_for_what_a_fee_may_be_asked(residence, kind, allowed, settings):
    settings.PROVIDER_REGIMES = [regime.code for regime in all_regimes()]
    case = make_case(State.TRIAGE, WANG, residence=residence, items=(FiledItem(kind),))

    if allowed:
        ask(case)
    else:
        with pytest.raises(MoveRefused, match="allows no fee"):
            ask(case)
    assert (case.state == State.FEE_NEEDED) is allowed


def test_a_request_is_charged_once_at_most():
    case = make_case(State.FEE_NEEDED, ERIKA)
    fees.waive_fee(case, REVIEWER, "They are in hardship.")

    with pytest.raises(MoveRefused, match="once at most"):
        ask(case)


class TestClocks:
    def test_in_the_united_kingdom_the_clock_waits_for_the_fee_and_starts_with_it(self):
        case = british()
        before = lead(case).due_at

        ask(case, currency="GBP")
        assert lead(case).state == Clock.State.PAUSED

        fees.confirm_fee_paid(case, INTAKE, "Seen on the account.")
        assert lead(case).state == Clock.State.RUNNING
        assert lead(case).due_at >= before + timedelta(days=6)
        assert case.state == State.IN_REVIEW

    def test_a_waived_fee_is_for_the_clock_as_never_asked(self):
        case = british()
        before = lead(case).due_at

        ask(case, currency="GBP")
        fees.waive_fee(case, REVIEWER, "They are in hardship.")

        assert (lead(case).state, lead(case).due_at) == (Clock.State.RUNNING, before)

    def test_in_the_union_a_fee_stops_nothing(self):
        case = make_case(State.TRIAGE, ERIKA)
        before = lead(case).due_at

        ask(case)

        assert (lead(case).state, lead(case).due_at) == (Clock.State.RUNNING, before)

    def test_stored_stays_derived_through_each_fee_event(self, capsys):
        paid, waived = british(), british(20)
        for case in (paid, waived):
            ask(case, currency="GBP")
            assert differing_clocks(case) == []
        fees.confirm_fee_paid(paid, INTAKE, "Seen on the account.")
        fees.waive_fee(waived, REVIEWER, "They are in hardship.")

        call_command("check_clocks")
        assert capsys.readouterr().out == "cases 2\nOK\n"
