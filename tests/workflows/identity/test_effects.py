"""After filing: a link by mail, or taken in at once when there is nobody to mail."""

import re
from datetime import timedelta

import pytest
from django.conf import settings

from tests.database_time import let_pass
from tests.factories import ERIKA, file, make_case
from workflows.cases.lifecycle import State
from workflows.identity.contact import confirm_contact
from workflows.identity.models import ContactChallenge
from workflows.outbox.models import Effect
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db


def links_in(mail) -> list[str]:
    return re.findall(rf"{re.escape(settings.PUBLIC_BASE_URL)}/\S+/confirm/([\w-]+)/", mail.body)


def test_the_mailed_link_confirms_the_case(mailoutbox):
    case = file(ERIKA).case
    drain()

    (mail,) = [mail for mail in mailoutbox if "confirm" in mail.body]
    (token,) = links_in(mail)
    assert mail.to == [ERIKA.email]
    assert confirm_contact(token) == case


def test_a_mail_sent_again_after_a_crash_has_the_same_link(mailoutbox):
    file(ERIKA)
    drain()
    # The process died between the mail server's answer and the mark.
    sent = Effect.objects.filter(kind="mail.confirm_contact")
    sent.update(state=Effect.State.PENDING, sent_at=None)
    let_pass(timedelta(minutes=1))
    drain()
    first, again = [mail for mail in mailoutbox if links_in(mail)]

    assert links_in(first) == links_in(again)


def test_without_an_address_the_case_is_received_and_nothing_is_mailed(mailoutbox):
    case = file(ERIKA, email="").case
    drain()

    case.refresh_from_db()
    assert case.state == State.RECEIVED
    assert mailoutbox == []
    assert not ContactChallenge.objects.exists()


def test_a_case_that_was_taken_up_before_gets_no_link(mailoutbox):
    make_case(State.TRIAGE, ERIKA)
    drain()

    assert [mail for mail in mailoutbox if links_in(mail)] == []
