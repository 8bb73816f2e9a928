"""The actions on a complaint: which form and which service belong to which, one row each.

When an action is allowed is not said here but by the lifecycle of complaints.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from requests_portal.staff.actions.forms import CaseForm, LetterForm, text_field
from requests_portal.staff.actions.table import ActionPage, Run
from workflows.accounts.actors import Actor
from workflows.complaints import services
from workflows.complaints.lifecycle import Action
from workflows.complaints.models import Complaint
from workflows.complaints.names import ACTION_NAMES, REASONS

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
        grave=True,
    ),
    _page(
        Action.CLOSE,
        _("The complaint ends. The person can complain again."),
        _("The complaint was closed."),
        lambda complaint, actor, _form: services.close(complaint, actor),
    ),
)

PAGES: dict[str, ActionPage] = {page.slug: page for page in _ROWS}
