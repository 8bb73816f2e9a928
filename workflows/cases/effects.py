"""What follows a commit in the room of cases: mails that say that something waits."""

from django.core.mail import EmailMessage

from workflows.cases import malware
from workflows.cases.attachments import SCAN
from workflows.cases.calendar_notices import recompute_after_notice
from workflows.cases.mail import mail_about
from workflows.cases.models import Case
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler, mail_handler

# What waits in the portal: one mail template each.
WAITING = (
    "identity_request",
    "identity_accepted",
    "information_request",
    "fee",
    "fee_settled",
    "ended_unpaid",
    "extension",
    "message",
    "answer",
    "merged",
    "rejected_as_abuse",
    "file_refused",
)


def case_of(effect: Effect) -> Case:
    """Return the case that an effect is about, with its key."""
    return Case.objects.select_related("data_key").get(pk=effect.payload["case"])


def _something_waits(effect: Effect) -> EmailMessage | None:
    """Compose the mail that says that something waits."""
    case = case_of(effect)
    if case.erased_at is not None:
        return None
    return mail_about(case, effect.kind.removeprefix("mail."), effect, {})


for _mail in WAITING:
    mail_handler(f"mail.{_mail}")(_something_waits)


@effect_handler(SCAN)
def scan_attachment(effect: Effect) -> None:
    """Have a file judged by the malware scanner."""
    malware.scan_attachment(str(effect.payload["attachment"]))


@effect_handler("cases.recompute")
def recompute_clocks(effect: Effect) -> None:
    """Derive the clocks of a case anew after a notice of days off."""
    recompute_after_notice(
        case_of(effect), str(effect.payload["region"]), int(effect.payload["year"])
    )
