"""Fees: where the law allows one, what it does to the clocks, and what the person is told."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone, translation
from django.utils.formats import date_format
from freezegun import freeze_time

from tests.factories import ERIKA, INTAKE, OTHER_REVIEWER, REVIEWER, WANG, fee_overdue, make_case
from workflows.cases import staff_actions
from workflows.cases.clocks import differing_clocks
from workflows.cases.correspondence import withdraw
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock, Message
from workflows.cases.timeline import public_timeline
from workflows.cases.transition import (
    fee_time_is_over,
    is_free_in_part,
    last_day_to_pay,
    local_date,
)
from workflows.common.errors import InvalidInput
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
    assert (asked.facts["amount"], asked.facts["currency"]) == ("12.50", "EUR")
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
        ("HK", "copy", True),
        ("HK", "correct", False),
        ("TH", "copy", False),
        ("TW", "copy", True),
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
    staff_actions.waive_fee(case, REVIEWER, "They are in hardship.")

    with pytest.raises(MoveRefused, match="once at most"):
        ask(case)


class TestTimeToPay:
    TODAY = date(2026, 3, 2)

    @pytest.mark.parametrize(
        ("answer_by", "last_day"),
        [
            (None, date(2026, 4, 1)),
            (date(2026, 6, 1), date(2026, 4, 1)),
            (date(2026, 3, 27), date(2026, 3, 24)),
            (date(2026, 3, 10), date(2026, 3, 16)),
        ],
        ids=["the clock waits", "much time is left", "less than the period", "hardly any"],
    )
    def test_it_is_the_period_unless_the_answer_is_due_before(self, answer_by, last_day):
        assert last_day_to_pay(self.TODAY, answer_by) == last_day

    def test_the_provider_sets_the_period(self, settings):
        settings.FEE_PERIOD_DAYS = 60
        assert last_day_to_pay(self.TODAY, None) == date(2026, 5, 1)

    def test_where_the_clock_waits_the_person_has_all_of_it(self):
        case = british(25)

        message = ask(case, currency="GBP")

        assert case.fee_due_on == local_date(case) + timedelta(days=30)
        with translation.override("en"):
            assert f"withdraw by {date_format(case.fee_due_on, 'DATE_FORMAT')}." in message.body

    def test_where_it_runs_on_an_answer_can_still_be_in_time(self):
        case = make_case(State.TRIAGE, ERIKA, at=timezone.now() - timedelta(days=8))

        ask(case)

        assert case.fee_due_on == case.due_on - timedelta(days=3)

    def test_it_is_over_when_the_last_day_is_over_where_the_person_lives(self):
        case = make_case(State.FEE_NEEDED, ERIKA)
        midnight = datetime.combine(case.fee_due_on, time.max, ZoneInfo("Europe/Berlin"))

        assert not fee_time_is_over(case, midnight)
        assert fee_time_is_over(case, midnight + timedelta(seconds=1))


class TestFreeInPart:
    """What is free may not wait for the fee for the rest, nor become late by it."""

    def mixed(self, days: int) -> Case:
        case = make_case(
            State.TRIAGE,
            ERIKA,
            residence="GB-ENG",
            at=timezone.now() - timedelta(days=days),
            items=(FiledItem("copy"), FiledItem("withdraw_consent")),
        )
        assert is_free_in_part(case)
        return case

    def test_its_clock_runs_on(self):
        case = self.mixed(2)
        before = lead(case).due_at

        message = ask(case, currency="GBP")

        assert (lead(case).state, lead(case).due_at) == (Clock.State.RUNNING, before)
        assert differing_clocks(case) == []
        assert (
            "the day on which the fee is paid: Get a copy. For the rest it goes on." in message.body
        )
        assert [each["paused"] for each in lead(case).deadline["by_item"]] == [False, True]

    def test_the_last_day_to_pay_leaves_time_to_answer_it(self):
        case = self.mixed(5)

        ask(case, currency="GBP")

        assert case.fee_due_on <= case.due_on - timedelta(days=3)
        assert case.fee_due_on >= local_date(case) + timedelta(days=14)

    def test_a_fee_that_would_make_it_late_is_refused(self):
        case = self.mixed(20)

        with pytest.raises(MoveRefused, match="too little of its time"):
            ask(case, currency="GBP")


class TestUnpaid:
    def test_the_case_ends_with_a_refusal_and_can_be_filed_again(self):
        case = fee_overdue(make_case(State.FEE_NEEDED, ERIKA))

        message = moves.end_unpaid(case, OTHER_REVIEWER, "No payment with this number arrived.")

        assert case.state == State.EXPIRED
        assert "No payment with this number arrived." in message.body
        assert "You can make the request again at any time." in message.body
        assert message.body.count("Outcome: Refused") == 2
        sentences = [step.sentence for step in public_timeline(case)]
        assert "The fee did not arrive in time, so the case was closed." in sentences

    def test_its_clocks_stop(self):
        case = british()
        ask(case, currency="GBP")
        moves.end_unpaid(fee_overdue(case), OTHER_REVIEWER, "Nothing arrived.")

        states = {clock.state for clock in case.clocks.all()}
        assert states == {Clock.State.STOPPED}
        assert not case.clocks.filter(stopped_at=None).exists()
        assert not case.clocks.exclude(check_at=None).exists()

    @pytest.mark.parametrize("act", [moves.end_unpaid, staff_actions.go_on_unpaid])
    def test_the_person_has_the_whole_time(self, act):
        case = make_case(State.FEE_NEEDED, ERIKA)

        with pytest.raises(MoveRefused, match="not over yet"):
            act(case, OTHER_REVIEWER, "Nothing arrived.")
        assert case.state == State.FEE_NEEDED

    @pytest.mark.parametrize("act", [moves.end_unpaid, staff_actions.go_on_unpaid])
    def test_reasons_are_needed(self, act):
        with pytest.raises(InvalidInput):
            act(fee_overdue(make_case(State.FEE_NEEDED, ERIKA)), OTHER_REVIEWER, " ")

    def test_who_asked_for_the_fee_does_not_end_the_case_for_it(self):
        case = fee_overdue(make_case(State.FEE_NEEDED, ERIKA))

        with pytest.raises(MoveRefused, match="somebody else"):
            moves.end_unpaid(case, REVIEWER, "Nothing arrived.")

    def test_what_costs_nothing_is_not_lost_with_what_does(self):
        case = make_case(State.TRIAGE, WANG, items=(FiledItem("transfer"), FiledItem("delete")))
        ask(case, currency="CNY")
        fee_overdue(case)

        with pytest.raises(MoveRefused, match="costs nothing"):
            moves.end_unpaid(case, OTHER_REVIEWER, "Nothing arrived.")
        staff_actions.go_on_unpaid(case, REVIEWER, "Nothing arrived.")
        assert case.state == State.IN_REVIEW

    def test_the_time_for_what_costs_nothing_has_run_all_along(self):
        case = british()
        before = lead(case).due_at
        ask(case, currency="GBP")

        staff_actions.go_on_unpaid(fee_overdue(case), REVIEWER, "Nothing arrived.")

        assert (lead(case).state, lead(case).due_at) == (Clock.State.RUNNING, before)
        assert differing_clocks(case) == []

    @pytest.mark.parametrize("regime", all_regimes(), ids=lambda regime: regime.code)
    def test_every_charge_has_a_ground_on_which_the_unpaid_part_is_refused(self, regime):
        for kind in regime.fee.chargeable:
            grounds = {ground.code for ground in regime.grounds_for(kind)}
            assert grounds & {"fee_not_paid", "excessive"}


class TestClocks:
    def test_in_the_united_kingdom_the_clock_waits_for_the_fee_and_starts_with_it(self):
        with freeze_time("2026-03-12 09:00"):
            case = british()
            assert lead(case).due_on == date(2026, 4, 2)

            ask(case, currency="GBP")
            assert lead(case).state == Clock.State.PAUSED

            staff_actions.confirm_fee_paid(case, INTAKE, "Seen on the account.")
        assert lead(case).state == Clock.State.RUNNING
        # The twelfth of April is a Sunday.
        assert lead(case).due_on == date(2026, 4, 13)
        assert case.state == State.IN_REVIEW

    def test_a_waived_fee_is_for_the_clock_as_never_asked(self):
        case = british()
        before = lead(case).due_at

        ask(case, currency="GBP")
        staff_actions.waive_fee(case, REVIEWER, "They are in hardship.")

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
        staff_actions.confirm_fee_paid(paid, INTAKE, "Seen on the account.")
        staff_actions.waive_fee(waived, REVIEWER, "They are in hardship.")

        call_command("check_clocks")
        assert capsys.readouterr().out == "cases 2\nOK\n"
