"""What the status page shows of a case, gathered in a constant number of queries."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from requests_portal.presentation.applicability import ApplicabilityPresenter, applicability_of
from requests_portal.presentation.deadlines import (
    ClockPresenter,
    RegimePresenter,
    shown_clocks,
    shown_regime,
)
from requests_portal.public.complaint_presenter import (
    ComplaintPresenter,
    complaints_of,
    shown_complaints,
    words_of,
)
from workflows.accounts.actors import PUBLIC
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Attachment, Case, Message
from workflows.cases.timeline import TimelineEntry, public_timeline
from workflows.cases.transition import refusals
from workflows.complaints.models import Complaint
from workflows.complaints.services import has_open
from workflows.identity.contact import waits_for_contact
from workflows.notices.models import Notice
from workflows.notices.services import notices_to_the_person, other_files
from workflows.vocabulary.item_kinds import ItemKind

# How a case stands, as the person should understand it.
_STATES = {
    State.FILED: _(
        "Please confirm your e-mail address: press the button behind the link that we have sent"
        " you. The deadline isn’t affected."
    ),
    State.RECEIVED: _("We have your request. Somebody will look at it soon."),
    State.TRIAGE: _("We are finding out who can answer it."),
    State.IDENTITY_NEEDED: _("Waiting for you: please show us that it is you."),
    State.INFORMATION_NEEDED: _("Waiting for you: please answer our question."),
    State.FEE_NEEDED: _("Waiting for you: there is a fee to pay, or you withdraw the request."),
    State.IN_REVIEW: _("We are looking into it."),
    State.DECISION_PROPOSED: _("A decision is proposed. Another person is checking it."),
    State.EXECUTING: _("The decision is made and is being carried out."),
    State.ANSWERED: _("Answered. If you do not agree, you can contest the answer."),
    State.CONTESTED: _("You contested the answer. Another person will look at it."),
    State.CLOSED: _("Closed."),
    State.EXPIRED: _("Closed, for the e-mail address was never confirmed."),
    State.WITHDRAWN: _("You withdrew the request."),
    State.MERGED: _(
        "Put together with another case that we take to be yours as well; the answer comes there."
        " If that is wrong, tell us below, and this case goes on by itself."
    ),
    State.REJECTED_AS_ABUSE: _("Rejected as an abuse of the right to ask."),
}
_UNPAID = _("Closed, for the fee did not arrive in time. You can make the request again.")
# What is read and unsealed for one look at the page.
MESSAGES_A_PAGE = 20
QUESTIONS = {
    State.IDENTITY_NEEDED: Message.Kind.IDENTITY_REQUEST,
    State.INFORMATION_NEEDED: Message.Kind.INFORMATION_REQUEST,
    State.FEE_NEEDED: Message.Kind.FEE,
}


@dataclass(frozen=True, slots=True)
class CasePresenter:
    """Everything on the status page.

    `question` is the message that the person should answer now, `answer` the latest answer.
    `may` says for each action of the person whether the lifecycle allows it now.
    """

    state: str
    waits_for_contact: bool
    kinds: list[str]
    clocks: list[ClockPresenter]
    zone: str
    applicability: ApplicabilityPresenter
    regimes: list[RegimePresenter]
    timeline: list[TimelineEntry]
    messages: "Page[Message]"
    attachments: list[Attachment]
    notices: list[Notice]
    question: Message | None
    answer: Message | None
    may: dict[str, bool]
    complaints: list[ComplaintPresenter]


def present_case(case: Case, page: str = "") -> CasePresenter:
    """Gather what the person may see of their case; of an erased one only the bare steps.

    `page` is that of the messages, as it came in the address.
    """
    erased = case.erased_at is not None
    messages = case.messages.none() if erased else messages_of(case)
    complaints = complaints_of(case)
    # What belongs to a complaint is read there.
    elsewhere = words_of(complaints)
    return CasePresenter(
        state=state_in_words(case),
        waits_for_contact=waits_for_contact(case),
        kinds=[str(ItemKind(kind).label) for kind in case.kinds],
        clocks=shown_clocks(case),
        zone=zone_of(case),
        applicability=applicability_of(case),
        regimes=[
            shown_regime(case.regime_of(code), case.residence) for code in case.applicable_regimes
        ],
        timeline=list(reversed(public_timeline(case))),
        messages=Paginator(messages.exclude(pk__in=elsewhere), MESSAGES_A_PAGE).get_page(page),
        attachments=[] if erased else attachments_of(case),
        notices=[] if erased else list(notices_to_the_person(case)),
        question=None if erased else open_question(case),
        answer=messages.filter(kind=Message.Kind.ANSWER).first(),
        may=permitted_actions(case, complaints),
        complaints=shown_complaints(case, complaints),
    )


def state_in_words(case: Case) -> str:
    """Return how a case stands; without an address there is nothing to confirm."""
    state = State(case.state)
    if state == State.FILED and not case.has_contact:
        state = State.RECEIVED
    if state == State.EXPIRED and case.fee_due_on:
        return str(_UNPAID)
    return str(_STATES[state])


def zone_of(case: Case) -> str:
    """Return the time zone in which the law counts this person's days."""
    return case.lead_regime.place(case.residence).zone


def messages_of(case: Case) -> QuerySet[Message]:
    """Return the messages between person and provider, latest first; never the notes of staff."""
    found: QuerySet[Message] = case.messages.exclude(kind=Message.Kind.NOTE)
    return found.select_related("case__data_key").order_by("-sent_at", "-pk")


def attachments_of(case: Case) -> list[Attachment]:
    """Return the files of a case beside its notices, with what unseals their names."""
    return list(other_files(case).select_related("case__data_key"))


def open_question(case: Case) -> Message | None:
    """Return the question that waits for the person, or None."""
    kind = QUESTIONS.get(State(case.state))
    return messages_of(case).filter(kind=kind).first() if kind else None


def permitted_actions(case: Case, complaints: list[Complaint] | None = None) -> dict[str, bool]:
    """Return for each action of the person, by its name, whether it can be taken now.

    `complaints` are those of the case, where they were read already.
    """
    waits = (
        has_open(case) if complaints is None else any(complaint.is_open for complaint in complaints)
    )
    reasons = refusals(case, PUBLIC)
    may = {str(action): not reason for action, reason in reasons.items()}
    may["complain"] = case.erased_at is None and not waits
    may["withdraw_complaint"] = waits
    may["write"] = may[Action.WRITE_TO_PROVIDER] or may[Action.GIVE_INFORMATION]
    return may
