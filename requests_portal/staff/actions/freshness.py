"""Noticing that somebody else changed a case while a form was open."""

from django.utils.translation import gettext as _

from requests_portal.staff.people import names_of
from workflows.cases.models import Case
from workflows.cases.timeline import STAFF_SENTENCES
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case
from workflows.vocabulary.roles import ROLE_NAMES, Role


def last_change(case: Case) -> Event | None:
    """Return the last step that a person took on a case; looking at it is none. One query.

    Steps of the system (a reminder, an acknowledgement) change nothing that a form shows, and what
    the person writes is read beside it: or whoever writes all day would let no form through.
    """
    steps = events_of_case(case.pseudonym).exclude(name__in=("case.viewed", "message.received"))
    return steps.exclude(role=Role.SYSTEM).last()


def version_token(event: Event | None) -> str:
    """Return what a form carries to tell which step was the last when it was opened."""
    return str(event.uid) if event else ""


def changed_by_another(event: Event) -> str:
    """Return the sentence for someone whose form was overtaken by `event`."""
    who = names_of([event.actor]).get(event.actor) or str(ROLE_NAMES[Role(event.role)])
    return _(
        "The case was changed while your form was open (%(who)s: %(what)s). Look at it once more;"
        " what you typed is still here, and can be sent again."
    ) % {"who": who, "what": STAFF_SENTENCES.get(event.name, event.name)}
