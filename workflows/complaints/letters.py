"""What is written to somebody who complains: the notices of the law, and letters of staff."""

from datetime import datetime
from uuid import UUID, uuid4

from django.utils import timezone

from workflows.accounts.actors import Actor
from workflows.cases.models import Message
from workflows.complaints.models import Complaint
from workflows.notices.composing import compose
from workflows.notices.facts import ComplaintAcknowledgement, ComplaintOutcome, NoticeFacts
from workflows.notices.languages import language_of
from workflows.notices.phrases import phrase
from workflows.notices.services import send_composed
from workflows.outbox.services import enqueue


def acknowledgement_of(complaint: Complaint) -> ComplaintAcknowledgement:
    """Return what the acknowledgement says: when it came in, by when the outcome is told."""
    lead = complaint.clocks.filter(leads=True, due_on__isnull=False).first()
    return ComplaintAcknowledgement(complaint.received_at, lead.due_on if lead else None)


def outcome_of(complaint: Complaint, reasons: str, redress: str) -> ComplaintOutcome:
    """Return what the notice of an outcome says: the finding, why, and what is done about it."""
    language = language_of(complaint.case.language)
    return ComplaintOutcome(
        outcome=phrase(f"complaint.{complaint.finding}", language),
        reasons=reasons,
        progress=redress or phrase("complaint.looked_into", language),
    )


def send_notice(
    complaint: Complaint,
    kind: str,
    facts: NoticeFacts,
    *,
    actor: Actor,
    message_id: UUID,
    at: datetime,
) -> Message:
    """Send a notice that the law prescribes, under the id and the time of the step it belongs to.

    Must run inside the transaction of that step. Raises `ElementMissing`.
    """
    notice = send_composed(
        complaint.case,
        compose(complaint.case, kind, facts),
        key=f"{kind}:{complaint.pk}",
        actor=actor,
        mail=True,
        message_id=message_id,
        at=at,
    )
    assert notice.message is not None
    complaint.letters.add(notice.message)
    return notice.message


def send_letter(
    complaint: Complaint, actor: Actor, body: str, message_id: UUID | None = None
) -> Message:
    """Send a text of staff; a mail tells that it waits, never what it says."""
    case = complaint.case
    letter = Message.objects.create(
        id=message_id or uuid4(),
        case=case,
        kind=Message.Kind.COMPLAINT,
        from_person=False,
        author=actor.pseudonym,
        body=body,
        sent_at=timezone.now(),
    )
    complaint.letters.add(letter)
    enqueue("mail.message", key=f"mail.message:{letter.pk}", payload={"case": str(case.pk)})
    return letter
