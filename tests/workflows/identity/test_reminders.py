"""A person who was asked is reminded twice, about the question that waits and no other."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from tests.factories import ERIKA, INTAKE, REVIEWER, fee_overdue, make_case
from workflows.accounts.actors import SYSTEM
from workflows.cases import correspondence, staff_actions
from workflows.cases.lifecycle import State
from workflows.cases.models import Message
from workflows.identity.reminders import (
    FINAL_REMINDER,
    MADE_UP_FOR,
    MAX_REMINDERS,
    REMIND_EVERY,
    sweep_unpaid,
    sweep_waiting,
)
from workflows.notices import moves
from workflows.outbox.models import Effect
from workflows.outbox.services import DONE_KEPT_FOR, drain
from workflows.routing.assignment import assign
from workflows.routing.models import Team
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db

WAITING_STATES = [State.IDENTITY_NEEDED, State.INFORMATION_NEEDED, State.FEE_NEEDED]


def reminders() -> int:
    return Effect.objects.filter(kind="identity.remind").count()


@pytest.mark.parametrize("state", WAITING_STATES)
def test_a_question_is_reminded_of_at_intervals_and_then_left(state):
    make_case(state)
    asked = timezone.now()

    counts = []
    for days in range(30):
        for _minutes in range(2):
            sweep_waiting(asked + timedelta(days=days, hours=1))
        counts.append(reminders())

    assert counts[: REMIND_EVERY.days] == [0] * REMIND_EVERY.days
    assert counts[REMIND_EVERY.days] == 1
    assert counts[15] == MAX_REMINDERS == 2
    assert counts[-1] == MAX_REMINDERS + (state == State.FEE_NEEDED)


@pytest.mark.parametrize("state", WAITING_STATES)
def test_nobody_is_reminded_again_when_the_outbox_has_forgotten(state):
    case = make_case(state)
    asked = timezone.now()
    Message.objects.filter(case=case).update(sent_at=asked)
    fee_overdue(case) if state == State.FEE_NEEDED else None

    for days in (DONE_KEPT_FOR.days - 1, DONE_KEPT_FOR.days + 1, 2 * DONE_KEPT_FOR.days):
        later = asked + timedelta(days=days)
        assert sweep_waiting(later) == sweep_unpaid(later) == 0
    assert MADE_UP_FOR < DONE_KEPT_FOR


def test_what_was_answered_is_not_asked_again():
    case = make_case(State.INFORMATION_NEEDED)
    correspondence.write_to_provider(case, "It was on my phone.")

    assert sweep_waiting(timezone.now() + REMIND_EVERY * 2) == 0


def test_a_second_question_is_not_taken_for_the_first_one():
    case = make_case(State.IDENTITY_NEEDED)
    Message.objects.update(sent_at=timezone.now() - REMIND_EVERY * 2)
    staff_actions.reject_identity(case, INTAKE, "The picture shows another account.")
    moves.ask_identity(case, INTAKE, "Please show the other account.")

    assert sweep_waiting() == 0
    assert sweep_waiting(timezone.now() + REMIND_EVERY) == 1


@pytest.mark.parametrize("state", WAITING_STATES)
def test_the_reminder_is_a_mail_that_does_not_say_what_was_asked(state, mailoutbox):
    case = make_case(state)
    drain()
    mailoutbox.clear()
    sweep_waiting(timezone.now() + REMIND_EVERY)

    drain()

    (mail,) = mailoutbox
    assert case.number in mail.subject
    assert "Which account" not in mail.body


def test_a_reminder_that_comes_too_late_is_not_sent(mailoutbox):
    case = make_case(State.IDENTITY_NEEDED)
    drain()
    sweep_waiting(timezone.now() + REMIND_EVERY)
    staff_actions.accept_identity(case, INTAKE, Assurance.DOCUMENT, "Checked a document.")
    mailoutbox.clear()

    drain()

    assert [mail.extra_headers for mail in mailoutbox if "waits" in mail.subject] == []
    assert Effect.objects.get(kind="identity.remind").state == Effect.State.DONE
    assert len(mailoutbox) == 1


class TestFees:
    def test_the_last_reminder_comes_before_the_last_day_and_names_it(self, mailoutbox):
        case = make_case(State.FEE_NEEDED, ERIKA)
        drain()
        mailoutbox.clear()
        last_call = case.fee_due_on - FINAL_REMINDER
        noon = datetime(last_call.year, last_call.month, last_call.day, 12, tzinfo=UTC)

        sweep_waiting(noon)
        sweep_waiting(noon + timedelta(days=1))
        drain()

        (mail,) = mailoutbox
        assert "The last day to pay or to say what you want is" in mail.body
        assert date_format(case.fee_due_on, "DATE_FORMAT") in mail.body

    def test_a_question_after_the_fee_is_reminded_of_like_any_other(self):
        case = fee_overdue(make_case(State.FEE_NEEDED, ERIKA))
        staff_actions.waive_fee(case, REVIEWER, "They are in hardship.")
        moves.ask_identity(case, INTAKE, "Please show who you are.")

        for number in range(1, MAX_REMINDERS + 1):
            sweep_waiting(timezone.now() + REMIND_EVERY * number)

        assert reminders() == MAX_REMINDERS

    def test_no_day_that_is_gone_is_named(self, mailoutbox):
        fee_overdue(make_case(State.FEE_NEEDED, ERIKA))
        drain()
        mailoutbox.clear()

        sweep_waiting(timezone.now() + REMIND_EVERY)
        drain()

        (mail,) = mailoutbox
        assert "The last day to pay" not in mail.body

    def test_the_team_is_told_once_when_the_time_is_over_and_nothing_ends_by_itself(
        self, mailoutbox, settings
    ):
        settings.LANGUAGE_CODE = "en"
        case = make_case(State.FEE_NEEDED, ERIKA)
        assign(case, SYSTEM, Team.objects.create(name="Team", email="team@example.org"))
        drain()
        mailoutbox.clear()
        assert sweep_unpaid() == 0

        fee_overdue(case)
        assert (sweep_unpaid(), sweep_unpaid()) == (1, 1)
        drain()

        (mail,) = mailoutbox
        assert mail.subject == f"Fee not paid: case {case.number}"
        assert "Look whether it arrived." in mail.body
        case.refresh_from_db()
        assert case.state == State.FEE_NEEDED

    def test_what_was_settled_concerns_no_team(self):
        case = fee_overdue(make_case(State.FEE_NEEDED, ERIKA))
        staff_actions.confirm_fee_paid(case, INTAKE, "Seen on the account.")

        assert sweep_unpaid() == 0
