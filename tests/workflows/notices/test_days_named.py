"""Which day a notice names when a request has clocks of several lengths."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone, translation
from django.utils.formats import date_format
from freezegun import freeze_time

from tests.factories import ERIKA, INTAKE, REVIEWER, file, make_case, provider
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Message
from workflows.notices import moves
from workflows.outbox.services import drain
from workflows.routing.effects import sweep_clocks

pytestmark = pytest.mark.django_db


def two_clocks() -> Case:
    """Make a case of California: 15 business days to opt out, 45 days for a copy."""
    case = make_case(
        State.IN_REVIEW,
        ERIKA,
        residence="US-CA",
        items=(FiledItem("copy"), FiledItem("opt_out_training")),
    )
    assert case.clocks.filter(leads=True).values("due_on").distinct().count() == 2
    return case


def in_words(day: date) -> str:
    with translation.override("en"):
        return date_format(day, "DATE_FORMAT")


def test_an_extension_names_the_day_of_the_clock_that_was_extended():
    with freeze_time("2026-03-02 18:00"):
        case = two_clocks()
        first, extended = case.clocks.filter(leads=True).order_by("due_at")
        before = extended.due_on

        message = moves.extend(case, REVIEWER, "A large dataset.")

    extended.refresh_from_db()
    assert extended.due_on > before
    assert in_words(extended.due_on) in message.body
    assert in_words(first.due_on) not in message.body


def test_a_lateness_notice_names_the_day_that_is_still_to_come():
    with freeze_time("2026-03-02 18:00") as clock:
        case = two_clocks()
        missed, coming = case.clocks.filter(leads=True).order_by("due_at")
        clock.move_to(missed.due_at + timedelta(hours=1))
        sweep_clocks()
        drain()
        assert timezone.now() < coming.due_at

    letter = Message.objects.filter(case=case, kind=Message.Kind.NOTICE).latest("sent_at")
    assert in_words(missed.due_on) in letter.body
    assert in_words(coming.due_on) in letter.body


@pytest.mark.parametrize(
    ("came", "said"),
    [(timedelta(days=40), "Our answer was due by"), (timedelta(days=5), "We will answer by")],
)
def test_the_acknowledgement_of_an_old_letter_promises_no_day_that_is_over(came, said):
    with freeze_time("2026-03-02 18:00"):
        case = file(ERIKA, at=timezone.now() - came).case
        drain()

    acknowledgement = case.contents.get(name="notice").opening["content"]["text"]
    mail_of_it = next(str(m.body) for m in mail.outbox if "have received your request" in m.body)
    for told in (acknowledgement, mail_of_it):
        assert f"{said} {in_words(case.due_on)}" in told
        assert told.count(in_words(case.due_on)) == 1


def test_an_extension_promises_no_day_that_is_late_under_another_law():
    provider(offers_service_in=["TW"], processes_in=["CN"])
    with freeze_time("2026-03-02 04:00"):
        case = make_case(
            State.IN_REVIEW, ERIKA, residence="TW", language="en", items=(FiledItem("copy"),)
        )
        message = moves.extend(case, REVIEWER, "A large dataset.")

    days = {clock.regime: clock.due_on for clock in case.clocks.filter(leads=True)}
    assert days["CN"] < days["TW"]
    assert in_words(days["CN"]) in message.body
    assert in_words(days["TW"]) not in message.body


@pytest.mark.parametrize(("established_in", "waits"), [(["GB"], True), (["GB", "DE"], False)])
def test_time_is_said_to_wait_only_where_it_does_under_every_law(established_in, waits):
    provider(established_in=established_in)
    case = make_case(State.TRIAGE, ERIKA, residence="GB-ENG", language="en")

    body = moves.ask_identity(case, INTAKE, "The request came from another address.").body

    begins = "our time to answer begins on the day on which we know who you are"
    assert (begins in body.casefold()) is waits
