"""The complaints of a case as its page shows them: text, clocks, letters, and what can be done."""

from dataclasses import dataclass
from datetime import datetime

from requests_portal.staff.actions.buttons import Button
from requests_portal.staff.actions.complaint_table import PAGES
from requests_portal.staff.case_clocks import ClockView, clock_view
from workflows.accounts.actors import Actor
from workflows.cases.models import Case, Message
from workflows.common.state_machine import Refusal
from workflows.complaints.lifecycle import State
from workflows.complaints.models import Complaint
from workflows.complaints.names import STATE_NAMES
from workflows.complaints.transition import refusals


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """One complaint; `buttons` are those of its state, disabled ones with their reason."""

    complaint: Complaint
    state_name: str
    statement: Message | None
    clocks: list[ClockView]
    letters: list[Message]
    handler: str
    buttons: list[Button]


def complaint_views(
    case: Case, actor: Actor, names: dict[str, str], now: datetime
) -> list[ComplaintView]:
    """Return the complaints of a case that `load_case` gave, the latest first.

    One query for each complaint that waits to be handled, of which a case has one at most.
    """
    found = sorted(case.complaints.all(), key=lambda complaint: complaint.received_at)
    return [complaint_view(case, each, actor, names, now) for each in reversed(found)]


def complaint_view(
    case: Case, complaint: Complaint, actor: Actor, names: dict[str, str], now: datetime
) -> ComplaintView:
    """Return one complaint. Its words are messages of the case, which were loaded with it."""
    letters = list(complaint.letters.all())
    for message in filter(None, (complaint.statement, *letters)):
        message.case = case  # whose key is at hand
    clocks = sorted(complaint.clocks.all(), key=lambda clock: not clock.leads)
    return ComplaintView(
        complaint=complaint,
        state_name=str(STATE_NAMES[State(complaint.state)]),
        statement=complaint.statement,
        clocks=[clock_view(case, clock, complaint.state, now) for clock in clocks],
        letters=sorted(letters, key=lambda letter: letter.sent_at),
        handler=names.get(complaint.handler, complaint.handler),
        buttons=_buttons(complaint, actor),
    )


def _buttons(complaint: Complaint, actor: Actor) -> list[Button]:
    return [
        Button(PAGES[action], PAGES[action].sentence_against(reason))
        for action, reason in refusals(complaint, actor).items()
        if action in PAGES and reason != Refusal.WRONG_STATE
    ]
