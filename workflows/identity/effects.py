"""What follows a commit in `identity`: links to confirm a contact, and reminders."""

from django.core.mail import EmailMessage

from workflows.cases.effects import case_of
from workflows.cases.lifecycle import State
from workflows.cases.mail import mail_about
from workflows.cases.models import Message
from workflows.cases.staff_actions import receive_without_contact
from workflows.cases.transition import fee_time_is_over
from workflows.identity.contact import VALID_FOR, note_sent, open_challenge, waits_for_contact
from workflows.identity.reminders import WAITING
from workflows.mail import links
from workflows.outbox.models import Effect
from workflows.outbox.periodic import periodic
from workflows.outbox.services import effect_handler, enqueue, mail_handler

_MAIL_LINK = "mail.confirm_contact"


@effect_handler("identity.confirm_contact")
def confirm_contact(effect: Effect) -> None:
    """Have a fresh link mailed to the requester, or receive the case when nobody can be mailed.

    Also where staff have taken the case up already: an answer still goes to a confirmed address.
    """
    case = case_of(effect)
    if waits_for_contact(case):
        enqueue(_MAIL_LINK, key=f"{_MAIL_LINK}:{effect.pk}", payload={"case": str(case.pk)})
    elif case.state == State.FILED and not case.has_contact:
        receive_without_contact(case)


def _link_sent(effect: Effect, sent: bool) -> None:  # noqa: FBT001 - called by the outbox
    if sent:
        note_sent(case_of(effect), effect.pk)


@mail_handler(_MAIL_LINK, then=_link_sent)
def challenge_mail(effect: Effect) -> EmailMessage | None:
    """Compose the mail with a fresh link."""
    case = case_of(effect)
    if not waits_for_contact(case):
        return None
    link = links.confirm_contact_link(case.language, open_challenge(case, effect.pk))
    values = {"confirm_link": link, "valid_days": VALID_FOR.days}
    # Whoever never gets a link can confirm nothing: over the limit it comes later.
    return mail_about(case, "confirm_contact", effect, values, later=True)


@mail_handler("identity.remind")
def reminder_mail(effect: Effect) -> EmailMessage | None:
    """Compose the mail that a question still waits, if it still does."""
    case = case_of(effect)
    message = Message.objects.get(pk=effect.payload["message"])
    if case.state not in WAITING or WAITING[State(case.state)] != message.kind:
        return None
    has_day = case.state == State.FEE_NEEDED and not fee_time_is_over(case)
    context = {"pay_until": case.fee_due_on if has_day else None}
    return mail_about(case, "question_waits", effect, context)


periodic("sweep-challenges", "unconfirmed contacts", "workflows.identity.contact.sweep_unconfirmed")
periodic("sweep-challenges", "waiting questions", "workflows.identity.reminders.sweep_waiting")
periodic("sweep-challenges", "unpaid fees", "workflows.identity.reminders.sweep_unpaid")
