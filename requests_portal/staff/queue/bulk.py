"""Doing one thing to many cases: a preview says what would happen to each, then it happens."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from requests_portal.sign_in.people import actor_of, user_of
from requests_portal.staff.case.actions.forms import AssignForm, CaseForm, LetterForm
from requests_portal.staff.case.actions.table import PAGES, ActionPage
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.names import STATE_NAMES
from workflows.cases.transition import refusals
from workflows.common.errors import DomainError

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class BulkAction:
    """An action of the table that many cases can take at once, by the name in the list."""

    name: str
    action: Action
    form: type[CaseForm]

    @property
    def page(self) -> ActionPage:
        """Return the row of the action."""
        return PAGES[self.action.value]


ASSIGN = BulkAction("assign_selected", Action.ASSIGN, AssignForm)
ASK_INFORMATION = BulkAction("ask_selected", Action.ASK_INFORMATION, LetterForm)


@dataclass(frozen=True, slots=True)
class Preview:
    """One selected case, and why it would be left out: empty when it takes part."""

    case: Case
    state: str
    reason: str


def run(
    bulk: BulkAction, request: HttpRequest, site: AdminSite, queryset: QuerySet[Case]
) -> HttpResponse | None:
    """Show the preview, or take the confirmed form; None leads back to the list."""
    chosen = queryset.select_related("data_key").prefetch_related("items", "clocks", "clock_events")
    cases = list(chosen[: MOST_AT_ONCE + 1])
    if len(cases) > MOST_AT_ONCE:
        messages.error(
            request,
            _("Select at most %(count)d cases at once.") % {"count": MOST_AT_ONCE},
        )
        return None
    confirmed = "confirmed" in request.POST
    # The form asks nothing of a single case, so any of them serves.
    form = bulk.form(request.POST if confirmed else None, case=Case(), user=user_of(request))
    if confirmed and form.is_valid():
        _apply(bulk, request, cases, form)
        return None
    context = {
        **site.each_context(request),
        "opts": Case._meta,
        "title": bulk.page.name,
        "page": bulk.page,
        "form": form,
        "action": bulk.name,
        "checkbox": ACTION_CHECKBOX_NAME,
        "previews": [_preview(bulk, request, case) for case in cases],
    }
    return TemplateResponse(request, "staff/bulk.html", context)


def _preview(bulk: BulkAction, request: HttpRequest, case: Case) -> Preview:
    reason = refusals(case, actor_of(request)).get(bulk.action, "wrong_role")
    state = str(STATE_NAMES[State(case.state)])
    return Preview(case, state, bulk.page.sentence_against(reason))


def _apply(bulk: BulkAction, request: HttpRequest, cases: list[Case], form: Any) -> None:
    """Take the action for each case on its own, and tell how many took it and which did not."""
    done = 0
    for case in cases:
        try:
            bulk.page.run(case, actor_of(request), form)
        except DomainError as refused:
            messages.warning(request, f"{case.number}: {refused}")
        else:
            done += 1
    if done:
        messages.success(
            request,
            ngettext("Done for %(count)d case.", "Done for %(count)d cases.", done)
            % {"count": done},
        )
