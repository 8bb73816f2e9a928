"""What the status page shows of complaints: how each stands, its time, and what was written."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from requests_portal.presentation.deadlines import ClockPresenter, shown_clock
from workflows.cases.models import Case, Message
from workflows.complaints.lifecycle import State
from workflows.complaints.models import Complaint

# How a complaint stands, as the person should understand it.
_STATES = {
    State.RECEIVED: _("We have your complaint. Somebody will look at it soon."),
    State.ACKNOWLEDGED: _("We told you that we have it. Somebody will take it up."),
    State.IN_HANDLING: _("Somebody who had no part in the matter is looking into it."),
    State.ANSWERED: _("The outcome is here."),
    State.CLOSED: _("The outcome is here, and the complaint is closed."),
    State.WITHDRAWN: _("You withdrew the complaint."),
}


@dataclass(frozen=True, slots=True)
class ComplaintPresenter:
    """One complaint. `clock` is for the outcome, `acknowledge` for the confirmation; or None."""

    complaint: Complaint
    state: str
    text: str
    clock: ClockPresenter | None
    acknowledge: ClockPresenter | None
    letters: list[Message]


def complaints_of(case: Case) -> list[Complaint]:
    """Return the complaints about a case with what was written, the latest first."""
    letters = Message.objects.select_related("case__data_key").order_by("sent_at")
    return list(
        case.complaints.select_related("statement__case__data_key")
        .prefetch_related("clocks", Prefetch("letters", letters))
        .order_by("-received_at")
    )


def words_of(complaints: list[Complaint]) -> set[UUID]:
    """Return the ids of the messages that belong to these complaints."""
    statements = {each.statement_id for each in complaints if each.statement_id is not None}
    return statements | {each.pk for complaint in complaints for each in complaint.letters.all()}


def shown_complaints(case: Case, complaints: list[Complaint]) -> list[ComplaintPresenter]:
    """Return complaints that `complaints_of` gave, in the reader's language."""
    return [_shown(case, complaint) for complaint in complaints]


def _shown(case: Case, complaint: Complaint) -> ComplaintPresenter:
    withdrawn = complaint.state == State.WITHDRAWN
    clocks = [] if withdrawn else list(complaint.clocks.all())
    return ComplaintPresenter(
        complaint=complaint,
        state=str(_STATES[State(complaint.state)]),
        text=complaint.statement.body if complaint.statement else "",
        clock=next((shown_clock(case, clock) for clock in clocks if clock.leads), None),
        acknowledge=next((shown_clock(case, clock) for clock in clocks if not clock.leads), None),
        letters=list(complaint.letters.all()),
    )
