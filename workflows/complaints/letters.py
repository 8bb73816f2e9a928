"""What is written to somebody who complains, in the language of the case."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from workflows.cases.actors import Actor
from workflows.cases.models import Message
from workflows.complaints.models import Complaint
from workflows.outbox.services import enqueue


def compose_acknowledgement(complaint: Complaint, text: str) -> str:
    """Return the confirmation: the case, when the complaint came, by when the outcome follows."""
    lead = complaint.clocks.filter(leads=True).first()
    return _compose(complaint, "acknowledgement", {"text": text, "due_on": lead and lead.due_on})


def compose_outcome(
    complaint: Complaint, finding: Complaint.Finding, reasons: str, redress: str
) -> str:
    """Return the outcome: the finding, its reasons, what is done, and where else to complain."""
    regime = complaint.case.lead_regime
    authority = regime.authority_for(complaint.case.residence)
    language = complaint.case.language
    context = {
        "finding": finding.label,
        "reasons": reasons,
        "redress": redress,
        "authority": authority.name.in_language(language),
        "authority_link": authority.link,
        "court": regime.court.text.in_language(language),
    }
    return _compose(complaint, "outcome", context)


def _compose(complaint: Complaint, letter: str, context: dict[str, Any]) -> str:
    case = complaint.case
    common = {
        "case_number": case.number,
        "provider_name": settings.PROVIDER_NAME,
        "received_at": complaint.received_at,
    }
    zone = case.lead_regime.place(case.residence).zone
    with translation.override(case.language), timezone.override(zone):
        return render_to_string(f"complaints/{letter}.txt", {**common, **context}).strip()


def send_letter(complaint: Complaint, actor: Actor, body: str) -> Message:
    """Keep a letter to the person; a mail tells that it waits, never what it says."""
    case = complaint.case
    letter = Message.objects.create(
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
