"""After filing: a link by mail, or taken in at once when there is nobody to mail."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from tests.database_time import let_pass
from tests.factories import ERIKA, INTAKE, file
from workflows.cases.lifecycle import Action, State
from workflows.cases.transition import advance
from workflows.identity.contact import EXPIRE_AFTER, confirm_contact, sweep_unconfirmed
from workflows.identity.models import ContactChallenge
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.vocabulary.people import Assurance

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


def test_a_case_that_was_taken_up_before_a_worker_came_gets_its_link_all_the_same(mailoutbox):
    case = file(ERIKA).case
    advance(case, Action.BEGIN_TRIAGE, INTAKE)
    drain()

    [mail] = [mail for mail in mailoutbox if links_in(mail)]
    confirm_contact(links_in(mail)[0])
    case.refresh_from_db()
    assert (case.state, case.assurance) == (State.TRIAGE, Assurance.CONTACT)


def test_over_the_limit_of_the_address_the_link_comes_later_and_nothing_expires(
    mailoutbox, settings
):
    settings.MAILS_PER_ADDRESS_PER_DAY = 1
    cases = [file(ERIKA).case for _ in range(3)]
    drain()
    assert sum(bool(links_in(mail)) for mail in mailoutbox) <= 1

    assert sweep_unconfirmed(timezone.now() + EXPIRE_AFTER * 2)[1] <= 1
    waiting = Effect.objects.filter(kind="mail.confirm_contact", state=Effect.State.PENDING)
    assert waiting.count() >= len(cases) - 1
