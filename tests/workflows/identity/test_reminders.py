"""A person who was asked is reminded twice, about the question that waits and no other."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import INTAKE, make_case
from workflows.cases import correspondence, handling
from workflows.cases.lifecycle import State
from workflows.cases.models import Message
from workflows.cases.vocabulary import Assurance
from workflows.identity.reminders import MAX_REMINDERS, REMIND_EVERY, sweep_waiting
from workflows.notices import moves
from workflows.outbox.models import Effect
from workflows.outbox.services import drain

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
    assert counts[-1] == MAX_REMINDERS == 2


def test_what_was_answered_is_not_asked_again():
    case = make_case(State.INFORMATION_NEEDED)
    correspondence.write_to_provider(case, "It was on my phone.")

    assert sweep_waiting(timezone.now() + REMIND_EVERY * 2) == 0


def test_a_second_question_is_not_taken_for_the_first_one():
    case = make_case(State.IDENTITY_NEEDED)
    Message.objects.update(sent_at=timezone.now() - REMIND_EVERY * 2)
    handling.reject_identity(case, INTAKE, "The picture shows another account.")
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
    handling.accept_identity(case, INTAKE, Assurance.DOCUMENT, "Checked a document.")
    mailoutbox.clear()

    drain()

    assert [mail.extra_headers for mail in mailoutbox if "waits" in mail.subject] == []
    assert Effect.objects.get(kind="identity.remind").state == Effect.State.DONE
    assert len(mailoutbox) == 1
