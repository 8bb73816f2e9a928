"""What follows a commit in the room of cases: acknowledgement and notices by mail."""

from django.db import transaction

from workflows.cases.actors import SYSTEM
from workflows.cases.calendar_notices import recompute_after_notice
from workflows.cases.clocks import stop_acknowledgement
from workflows.cases.lifecycle import OPEN, Action
from workflows.cases.mail import send_mail
from workflows.cases.models import Case
from workflows.cases.transition import advance
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler

# Notices which only tell that something waits in the portal: one mail template each.
NOTICES = (
    "identity_request",
    "identity_accepted",
    "information_request",
    "fee",
    "fee_settled",
    "extension",
    "message",
    "answer",
    "merged",
    "rejected_as_abuse",
)


def case_of(effect: Effect) -> Case:
    """Return the case that an effect is about, with its key."""
    return Case.objects.select_related("data_key").get(pk=effect.payload["case"])


def _send_notice(effect: Effect) -> None:
    """Mail one of the notices."""
    case = case_of(effect)
    if case.erased_at is None:
        send_mail(case, effect.kind.removeprefix("mail."), effect, {})


for _notice in NOTICES:
    effect_handler(f"mail.{_notice}")(_send_notice)


@effect_handler("cases.acknowledge")
def acknowledge(effect: Effect) -> None:
    """Acknowledge receipt, as the regime asks for: the case number, the date, how it goes on.

    The receipt page has told the same to who filed in person; the mail goes to who left an
    address. The contact need not be confirmed: the law counts from receipt.
    """
    case = case_of(effect)
    if case.state not in OPEN:
        return
    lead = case.lead_regime
    sent = send_mail(
        case,
        "acknowledgement",
        effect,
        {
            "due_on": case.due_on,
            "regime": lead.name.in_language(case.language),
            "rule": lead.clock(lead.lead).text.in_language(case.language),
        },
    )
    with transaction.atomic():
        event = advance(
            case, Action.ACKNOWLEDGE, SYSTEM, facts={"by": "mail" if sent else "portal"}
        )
        stop_acknowledgement(case, event.at)


@effect_handler("cases.recompute")
def recompute_clocks(effect: Effect) -> None:
    """Derive the clocks of a case anew after a notice of days off."""
    recompute_after_notice(
        case_of(effect), str(effect.payload["region"]), int(effect.payload["year"])
    )
