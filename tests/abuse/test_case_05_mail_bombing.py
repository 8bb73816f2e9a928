"""Abuse case 5: nobody can have a stranger flooded with mail, however often they file."""

import pytest

from tests import factories
from workflows.mail.outbound import take_mail_quota

pytestmark = pytest.mark.django_db

VICTIM = "victim@example.org"


def test_no_more_than_the_days_limit_over_all_cases(settings, mailoutbox):
    from workflows.outbox.services import drain

    settings.MAILS_PER_ADDRESS_PER_DAY = 4
    for _ in range(8):
        factories.file(email=VICTIM)
    drain()

    assert len([mail for mail in mailoutbox if VICTIM in mail.to]) <= 4


def test_another_spelling_of_the_address_is_the_same_mailbox(settings):
    settings.MAILS_PER_ADDRESS_PER_DAY = 2

    spellings = [VICTIM, "Victim@EXAMPLE.org", "victim+1@example.org", "victim+2@example.org"]

    assert [take_mail_quota(address, confirmed=False) for address in spellings] == [
        True,
        True,
        False,
        False,
    ]
