"""Complaints on the page of a case: how they are shown, and which form each action has.

When an action is allowed is not said here but by the lifecycle of complaints.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from requests_portal.staff.case.actions.forms import CaseForm, LetterForm, text_field
from requests_portal.staff.case.actions.table import ActionPage, Button, Run
from requests_portal.staff.case.timeline import ClockView, clock_view
from workflows.accounts.actors import Actor
from workflows.cases.models import Case, Message
from workflows.common.state_machine import Refusal
from workflows.complaints import services
from workflows.complaints.lifecycle import Action, State
from workflows.complaints.models import Complaint
from workflows.complaints.names import ACTION_NAMES, REASONS, STATE_NAMES
from workflows.complaints.transition import refusals

PANEL = "staff/panels/complaint.html"


class AcknowledgementForm(CaseForm):
    """What staff want to add to the confirmation that the law prescribes."""

    text = text_field(
        _("What you want to add"),
        _("That it came in, when, and how it goes on, is said without your doing."),
        required=False,
    )


class OutcomeForm(CaseForm):
    """The outcome of a complaint, its reasons, and what is done about it."""

    finding = forms.ChoiceField(
        label=_("Outcome"),
        choices=[("", _("Choose")), *Complaint.Finding.choices],
        widget=UnfoldAdminSelectWidget,
    )
    text = text_field(_("Reasons, to the person"))
    redress = text_field(
        _("What is done about it, to the person"),
        _("Needed unless the complaint is not upheld."),
        required=False,
    )


def _acknowledge(complaint: Complaint, actor: Actor, form: CaseForm) -> None:
    services.acknowledge(complaint, actor, form.cleaned_data["text"])


def _answer(complaint: Complaint, actor: Actor, form: CaseForm) -> None:
    data = form.cleaned_data
    services.answer(complaint, actor, data["finding"], data["text"], data["redress"])


def _page(action: Action, intro: Any, done: Any, run: Run, **more: Any) -> ActionPage:
    return ActionPage(
        slug=action.value,
        name=ACTION_NAMES[action],
        intro=intro,
        done=done,
        run=run,
        panel=PANEL,
        about="complaint",
        reasons=REASONS,
        **more,
    )


_ROWS = (
    _page(
        Action.ACKNOWLEDGE,
        _("Confirm to the person that the complaint has come in."),
        _("The complaint was acknowledged."),
        _acknowledge,
        form=AcknowledgementForm,
    ),
    _page(
        Action.TAKE_UP,
        _("You look into the complaint. You had no part in what it is about."),
        _("The complaint was taken up."),
        lambda complaint, actor, _form: services.take_up(complaint, actor),
    ),
    _page(
        Action.TELL_PROGRESS,
        _("Tell the person what has been done so far, and what comes next."),
        _("The person was told how far the complaint is."),
        lambda complaint, actor, form: services.tell_progress(
            complaint, actor, form.cleaned_data["text"]
        ),
        form=LetterForm,
    ),
    _page(
        Action.ANSWER,
        _("Tell the person whether the complaint is upheld, why, and what is done about it."),
        _("The complaint was answered."),
        _answer,
        form=OutcomeForm,
        destructive=True,
    ),
    _page(
        Action.CLOSE,
        _("The complaint ends. The person can complain again."),
        _("The complaint was closed."),
        lambda complaint, actor, _form: services.close(complaint, actor),
    ),
)

PAGES: dict[str, ActionPage] = {page.slug: page for page in _ROWS}


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
