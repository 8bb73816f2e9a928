"""What follows a commit in the room of identity: links to confirm a contact, and reminders."""

from workflows import links
from workflows.cases.effects import case_of
from workflows.cases.fee_time import fee_time_is_over
from workflows.cases.handling import receive_without_contact
from workflows.cases.lifecycle import State
from workflows.cases.mail import send_mail
from workflows.cases.models import Message
from workflows.identity.contact import VALID_FOR, open_challenge
from workflows.identity.reminders import WAITING
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler


@effect_handler("identity.confirm_contact")
def send_challenge(effect: Effect) -> None:
    """Mail a fresh link to the requester, or receive the case when there is nobody to mail."""
    case = case_of(effect)
    if case.state != State.FILED:
        return
    if not case.has_contact:
        receive_without_contact(case)
        return
    link = links.confirm_contact_link(case.language, open_challenge(case, effect.pk))
    send_mail(case, "confirm_contact", effect, {"confirm_link": link, "valid_days": VALID_FOR.days})


@effect_handler("identity.remind")
def send_reminder(effect: Effect) -> None:
    """Mail that a question still waits, if it still does."""
    case = case_of(effect)
    message = Message.objects.get(pk=effect.payload["message"])
    if case.state in WAITING and WAITING[State(case.state)] == message.kind:
        has_day = case.state == State.FEE_NEEDED and not fee_time_is_over(case)
        context = {"pay_until": case.fee_due_on if has_day else None}
        send_mail(case, "question_waits", effect, context)
