"""Mail to the requester: in text and HTML, in their language, without personal data.

A mail names the case number and says that something waits; what it says is read in the portal.
"""

import logging
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from workflows.cases.models import Case, Person
from workflows.mail import links
from workflows.mail.addresses import normalise_email
from workflows.mail.outbound import compose, may_send, next_quota_reset
from workflows.outbox.models import Effect
from workflows.outbox.services import RetryAt
from workflows.vocabulary.people import Assurance

logger = logging.getLogger(__name__)


def requester_of(case: Case) -> Person:
    """Return the one who asks: the requester where there is one, else the subject."""
    people = {person.part: person for person in case.people.all()}
    return people.get(Person.Part.REQUESTER) or people[Person.Part.SUBJECT]


def share_confirmed_address(case: Case, other: Case) -> bool:
    """Return whether two cases were filed from one address, which was confirmed for each."""
    if case.contact_confirmed_at is None or other.contact_confirmed_at is None:
        return False
    addresses = [normalise_email(requester_of(one).email) for one in (case, other)]
    return bool(addresses[0]) and addresses[0] == addresses[1]


def mail_about(
    case: Case, template: str, effect: Effect, context: dict[str, Any], *, later: bool = False
) -> EmailMessage | None:
    """Compose the mail `templates/emails/<template>/` to the requester; None when there is none.

    Over the day's limit of an address a mail waits until tomorrow (`RetryAt`), but only where the
    contact is confirmed, or with `later`: to a stranger's address it is not sent at all, nor over
    the limit of its domain.
    """
    address = requester_of(case).email
    if not address:
        return None
    confirmed = case.assurance != Assurance.NONE
    if not may_send(effect, address, confirmed=confirmed):
        if confirmed or later:
            raise RetryAt(next_quota_reset())
        logger.warning("Mail limit for unconfirmed contacts reached; %s not sent", template)
        return None
    values = {
        "case_number": case.number,
        "provider_name": settings.PROVIDER_NAME,
        "status_link": links.status_link(case.language),
        **context,
    }
    return compose(template, [address], case.language, effect, values)
