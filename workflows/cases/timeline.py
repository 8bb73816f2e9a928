"""The story of a case: its events as sentences, for the person and for staff."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Case
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case

# What the person reads. An event that is not here is the provider's inner business.
PUBLIC_SENTENCES = {
    "case.received": _("We received your request."),
    "contact.confirmed": _("You confirmed your contact."),
    "case.accepted": _("Your request was taken in."),
    "case.expired": _("The contact was never confirmed, so the case was closed."),
    "acknowledgement.sent": _("We acknowledged your request."),
    "triage.begun": _("We began to sort your request."),
    "identity.asked": _("We asked you for proof of identity."),
    "identity.proved": _("Your identity was accepted."),
    "identity.not_proved": _("We go on without proof of identity."),
    "identity.confirmed": _("A second person confirmed your identity."),
    "identity.doubted": _("A second person did not find your identity proved."),
    "information.asked": _("We asked you for information."),
    "information.given": _("You answered our question."),
    "information.not_given": _("We go on without an answer to our question."),
    "fee.asked": _("We asked you for a fee."),
    "fee.paid": _("Your fee arrived."),
    "fee.waived": _("We waived the fee."),
    "fee.not_paid": _("The fee did not arrive in time; we go on without what costs."),
    "case.ended_unpaid": _("The fee did not arrive in time, so the case was closed."),
    "review.begun": _("We are looking into your request."),
    "decision.proposed": _("A decision was proposed. Somebody else is checking it."),
    "decision.sent_back": _("The decision is being looked at once more."),
    "decision.approved": _("The decision was approved and is being carried out."),
    "execution.stopped": _("The decision could not be carried out and is under review again."),
    "instruction.applied": _("A change to the data was carried out."),
    "answer.sent": _("We answered your request."),
    "case.closed": _("The case was closed."),
    "case.contested": _("You contested the answer."),
    "review.reopened": _("Another person took up your case again."),
    "clock.extended": _("We extended the time and told you why."),
    "law.changed": _("We found that other rules apply to your request and told you why."),
    "clock.missed": _("The time was over before we answered."),
    "message.sent": _("We wrote to you."),
    "message.received": _("You wrote to us."),
    "file.refused": _("A file of yours holds malware, so it is locked and nobody opens it."),
    "file.deleted": _("The file of yours that holds malware was deleted."),
    "case.withdrawn": _("You withdrew the request."),
    "case.merged": _("We merged this case into another one that we take to be yours as well."),
    "case.reinstated": _("Your complaint was upheld, and the case was reopened."),
    "case.unmerged": _("This case was taken out of the other one again and goes on by itself."),
    "case.joined": _("Another case that we take to be yours as well was merged into this one."),
    "case.left": _("The case that was merged into this one was taken out again."),
    "case.rejected_as_abuse": _("The request was rejected as an abuse."),
    "case.erased": _("Your personal data in this case were erased."),
    "answer.confirmed": _("Your complaint did not change the answer; it stands."),
    "complaint.received": _("We received your complaint."),
    "complaint.acknowledged": _("We acknowledged your complaint."),
    "complaint.taken_up": _("Somebody who had no part in the matter took up your complaint."),
    "complaint.progress_told": _("We told you how far your complaint is."),
    "complaint.answered": _("We told you the outcome of your complaint."),
    "complaint.closed": _("Your complaint was closed."),
    "complaint.withdrawn": _("You withdrew your complaint."),
    "complaint.missed": _("The time was over before we told you the outcome of your complaint."),
}

# What staff and regulators read beyond that.
STAFF_SENTENCES = {
    **PUBLIC_SENTENCES,
    "case.received": _("The request was received."),
    "contact.confirmed": _("The person confirmed the contact."),
    "acknowledgement.sent": _("Receipt was acknowledged."),
    "triage.begun": _("Triage began."),
    "identity.asked": _("Proof of identity was asked for."),
    "identity.proved": _("Proof of identity was accepted."),
    "identity.not_proved": _("Identity was not proved."),
    "identity.confirmed": _("A second person confirmed the identity."),
    "identity.doubted": _("It was doubted that the identity is proved."),
    "information.asked": _("Information was asked for."),
    "information.given": _("Information was given."),
    "information.not_given": _("The case goes on without the information that was asked for."),
    "fee.asked": _("A fee was asked for."),
    "fee.paid": _("The fee was paid."),
    "fee.waived": _("The fee was waived."),
    "fee.not_paid": _("The fee was not paid in time; the case goes on without what costs."),
    "case.ended_unpaid": _("The fee was not paid in time, and the case was ended."),
    "review.begun": _("The review began."),
    "decision.proposed": _("A decision was proposed."),
    "decision.sent_back": _("The proposal was sent back."),
    "decision.approved": _("The decision was approved."),
    "answer.sent": _("The answer was sent."),
    "case.contested": _("The person contested the answer."),
    "review.reopened": _("Another reviewer took the case up again."),
    "clock.extended": _("The time was extended."),
    "law.changed": _("The case was put under the laws that apply to it."),
    "clock.reminded": _("The team was reminded of the time."),
    "clock.recomputed": _("The dates were computed anew after a notice of days off."),
    "clock.missed": _("The time was over."),
    "message.sent": _("A message was sent to the person."),
    "message.received": _("A message of the person arrived."),
    "file.refused": _("A file of the person holds malware. It is locked; the person was told."),
    "file.deleted": _("A file that holds malware was deleted."),
    "case.withdrawn": _("The person withdrew the request."),
    "merge.proposed": _("It was proposed to merge the case into another."),
    "merge.declined": _("The proposal to merge the case was declined."),
    "case.merged": _("The case was merged into another."),
    "case.reinstated": _("The case was reopened after a complaint was upheld."),
    "case.unmerged": _("The case was taken out of the other one again."),
    "case.joined": _("Another case was merged into this one."),
    "case.left": _("A case that was merged into this one was taken out again."),
    "case.assigned": _("The case was assigned."),
    "case.viewed": _("Somebody looked at the case."),
    "finding.recorded": _("A finding was recorded."),
    "note.written": _("A note was written."),
    "notice.sent": _("A notice was sent."),
    "abuse.reported": _("The request was reported as an abuse."),
    "erasure.requested": _("Erasure was requested."),
    "case.erased": _("Personal data of the case were erased."),
    "bundle.exported": _("The case was exported."),
    "lookup.requested": _("A look-up in the training data was asked for."),
    "lookup.finished": _("A look-up in the training data was finished."),
    "match.reviewed": _("Places found in the training data were judged."),
    "match.undone": _("A judgement of places found was undone."),
    "match.carried": _("What was judged was found again in a newer version of the data."),
    "spelling.added": _("Another spelling to look for was added."),
    "change.specified": _("It was said how an item is to be carried out in the data."),
    "manifest.made": _("What is to be changed in the training data was put into a manifest."),
    "manifest.withdrawn": _("A manifest was withdrawn before it was applied."),
    "manifest.receipt": _("A receipt for a manifest was given."),
    "rescan.requested": _("Another search of the changed training data was asked for."),
    "rescan.passed": _("The changed training data were searched again; nothing is left."),
    "rescan.failed": _("The changed training data were searched again; something is left."),
    "recipient.notified": _("A recipient of the data was told of the change."),
    "recipient.reminded": _("A recipient of the data was asked again to confirm the change."),
    "recipient.confirmed": _("A recipient of the data has confirmed the change."),
    "suppression.added": _("A phrase was put on the list of what models must not put out."),
    "suppression.tested": _("It was tested whether a model still puts out a phrase."),
    "suppression.withdrawn": _("A phrase was taken off the list of what models must not put out."),
    "tombstone.returned": _("Something that was taken out came back with a new snapshot."),
    "tombstone.resolved": _("What had come back was dealt with."),
    "answer.confirmed": _("The complaint was not upheld; the answer stands."),
    "complaint.received": _("A complaint was received."),
    "complaint.acknowledged": _("The complaint was acknowledged."),
    "complaint.taken_up": _("The complaint was taken up."),
    "complaint.progress_told": _("The person was told how far the complaint is."),
    "complaint.answered": _("The complaint was answered."),
    "complaint.closed": _("The complaint was closed."),
    "complaint.withdrawn": _("The person withdrew the complaint."),
    "complaint.reminded": _("The team was reminded of the time for the complaint."),
    "complaint.missed": _("The time for the complaint was over."),
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One step of a case as a person reads it."""

    at: datetime
    sentence: str
    name: str
    role: str
    actor: str
    facts: Mapping[str, Any]
    event: Event


# Missing the time to acknowledge is not missing the time to answer.
_ACKNOWLEDGED_LATE = _("Receipt was not acknowledged in time.")
_CONTEST_WITHDRAWN = _("The complaint was withdrawn, so the answer stands.")
_COMPLAINT_ACKNOWLEDGED_LATE = _("Receipt of the complaint was not acknowledged in time.")


def _sentence(case: Case, event: Event, sentences: Mapping[str, Any]) -> str:
    if event.name == "clock.missed":
        regime = case.regime_of(str(event.facts["regime"]))
        if event.facts["clock"] == regime.acknowledge:
            return str(_ACKNOWLEDGED_LATE)
    if event.name == "answer.confirmed" and event.facts.get("withdrawn"):
        return str(_CONTEST_WITHDRAWN)
    if event.name == "complaint.missed":
        regime = case.regime_of(str(event.facts["regime"]))
        if event.facts["clock"] == regime.complaint_acknowledge:
            return str(_COMPLAINT_ACKNOWLEDGED_LATE)
    return str(sentences[event.name])


def _happened_at(event: Event) -> datetime:
    """Return when a step happened: a letter came in before somebody entered it."""
    received = event.facts.get("received_at")
    return datetime.fromisoformat(str(received)) if received else event.at


def _entries(case: Case, sentences: Mapping[str, Any]) -> list[TimelineEntry]:
    seen_receipt = False
    entries = []
    for event in events_of_case(case.pseudonym):
        if event.name not in sentences:
            continue
        # A case under several regimes is received once in each register; one line tells it.
        if event.name == "case.received":
            if seen_receipt:
                continue
            seen_receipt = True
        entries.append(
            TimelineEntry(
                at=event.at,
                sentence=_sentence(case, event, sentences),
                name=event.name,
                role=event.role,
                actor=event.actor,
                facts=event.facts,
                event=event,
            )
        )
    return entries


def public_timeline(case: Case) -> list[TimelineEntry]:
    """Return the steps that the person should see, oldest first. One query."""
    entries = [
        replace(entry, at=_happened_at(entry.event)) for entry in _entries(case, PUBLIC_SENTENCES)
    ]
    return sorted(entries, key=lambda entry: entry.at)


def staff_timeline(case: Case) -> list[TimelineEntry]:
    """Return every step, oldest first. One query."""
    return _entries(case, STAFF_SENTENCES)
