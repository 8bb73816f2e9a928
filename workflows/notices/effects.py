"""What follows a commit in `notices`: the acknowledgement, and notices that were due."""

from django.core.mail import EmailMessage
from django.utils import timezone

from workflows.accounts.actors import SYSTEM
from workflows.cases.clocks import answer_kind, earliest_due, stop_acknowledgement
from workflows.cases.effects import case_of
from workflows.cases.lifecycle import ASKED, OPEN, Action
from workflows.cases.mail import mail_about
from workflows.cases.models import Case, Clock
from workflows.cases.transition import advance, local_date
from workflows.notices.facts import Acknowledgement, Lateness, NoticeFacts
from workflows.notices.services import facts_builder, send_enqueued, send_notice
from workflows.outbox.models import Effect
from workflows.outbox.services import Payload, effect_handler, enqueue, mail_handler

_TELL = "notices.tell_of_acknowledgement"


@effect_handler("notices.acknowledge")
def acknowledge(effect: Effect) -> None:
    """Write the acknowledgement of receipt, as the regime asks for, and attach it to the case.

    The mail is an effect of its own. Who left no address finds the notice in the portal, and is
    acknowledged without waiting for a mail server.
    """
    case = case_of(effect)
    if case.state not in OPEN:
        return
    send_notice(
        case, "acknowledgement", Acknowledgement(), key=f"acknowledge:{case.pk}", mail=False
    )
    if case.has_contact:
        enqueue(_TELL, key=f"{_TELL}:{case.pk}", payload={"case": str(case.pk)})
    else:
        _acknowledged(case, by="portal")


def _told(effect: Effect, sent: bool) -> None:  # noqa: FBT001 - called by the outbox
    case = case_of(effect)
    if case.state in OPEN:
        _acknowledged(case, by="mail" if sent else "portal")


def _acknowledged(case: Case, *, by: str) -> None:
    event = advance(case, Action.ACKNOWLEDGE, SYSTEM, facts={"by": by})
    stop_acknowledgement(case, event.at)


@mail_handler(_TELL, then=_told)
def acknowledgement_mail(effect: Effect) -> EmailMessage | None:
    """Compose the mail that a request was received: number, date, how it goes on.

    The contact need not be confirmed: the law counts from receipt.
    """
    case = case_of(effect)
    if case.state not in OPEN:
        return None
    lead = case.lead_regime
    return mail_about(
        case,
        "acknowledgement",
        effect,
        {
            "due_on": case.due_on,
            "over": case.due_on is not None and case.due_on < local_date(case),
            "asked": case.state in ASKED,
            "regime": lead.name.in_language(case.language),
            "rule": lead.clock(answer_kind(case, lead)).text.in_language(case.language),
        },
    )


@effect_handler("notices.send")
def send(effect: Effect) -> None:
    """Send a notice whose facts are read from the ids of the effect."""
    send_enqueued(case_of(effect), effect.payload)


@facts_builder("lateness")
def lateness(case: Case, payload: Payload) -> NoticeFacts | None:
    """Say which day was missed, and the day of another law of the case that is still to come."""
    clock = case.clocks.get(pk=int(payload["clock"] or 0))
    if case.state not in OPEN:
        return None
    now = timezone.now()
    coming = earliest_due(
        other
        for other in case.clocks.all()
        if other.state == Clock.State.RUNNING and other.due_at and other.due_at > now
    )
    return Lateness(clock.due_on, coming.due_on if coming else None)
