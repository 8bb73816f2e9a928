"""The page of one action: shows its form, calls its one service, keeps what was typed."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from requests_portal.sign_in.adapters import fresh_sign_in_required
from requests_portal.sign_in.people import actor_of, user_of
from requests_portal.staff.case.actions import panels
from requests_portal.staff.case.actions.forms import CaseForm
from requests_portal.staff.case.actions.panels import panel_context
from requests_portal.staff.case.actions.table import NOTE, PAGES, ActionPage
from requests_portal.staff.case.presenter import (
    case_id_of,
    load_case,
    require_case_role,
    shared_context,
)
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case
from workflows.cases.names import REFUSAL_TEXTS
from workflows.cases.staff_actions import log_case_view
from workflows.cases.transition import lock_case, refusals
from workflows.common.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
def action_page(request: HttpRequest, site: AdminSite, object_id: str, slug: str) -> HttpResponse:
    """Show or take the form of an action; asks for a fresh sign-in where the table says so."""
    require_case_role(request)
    page = PAGES.get(slug)
    if page is None:
        raise Http404
    view = fresh_sign_in_required(_answer) if page.fresh else _answer
    return view(request, site, object_id, page)


def _answer(
    request: HttpRequest, site: AdminSite, object_id: str, page: ActionPage
) -> HttpResponse:
    case = load_case(case_id_of(object_id))
    return submit_form(request, site, case, page, _refusal(request, case, page))


def submit_form(
    request: HttpRequest,
    site: AdminSite,
    case: Case,
    page: ActionPage,
    reason: str,
    *,
    about: Any = None,
    **shown: Any,
) -> HttpResponse:
    """Show the form of an action that `reason` does not forbid, or take it and call its service.

    `about` is what of the case the action is about, the case itself unless given; `shown` is
    what its panel shows.
    """
    if reason and (request.method != "POST" or case.erased_at is not None):
        messages.error(request, reason)
        return HttpResponseRedirect(_case_address(site, case))
    if request.method == "POST":
        form = _form(page, case, request, data=request.POST)
        if form.is_valid() and _run(request, case, page, form, about or case):
            messages.success(request, page.done)
            return HttpResponseRedirect(_case_address(site, case))
        case = load_case(case.pk)
    else:
        form = _form(page, case, request, initial={"item": request.GET.get("item", "")})
        log_case_view(case, actor_of(request), what=page.audit_name)
    context = {
        **shared_context(request, site, case),
        **panel_context(page, case, form),
        **shown,
        "title": f"{case.number}: {page.name}",
        "page": page,
        "form": form,
        "seen": panels.version_token(panels.last_change(case)),
    }
    return TemplateResponse(request, "staff/action.html", context)


def _form(page: ActionPage, case: Case, request: HttpRequest, **more: Any) -> CaseForm:
    return page.form(case=case, user=user_of(request), **more)


def _refusal(request: HttpRequest, case: Case, page: ActionPage) -> str:
    """Return why the action cannot be taken now; raise `PermissionDenied` if never by this role."""
    if page.slug == NOTE:
        return str(REFUSAL_TEXTS["erased"]) if case.erased_at is not None else ""
    refused = refusals(case, actor_of(request))
    if Action(page.slug) not in refused:
        raise PermissionDenied
    return page.sentence_against(refused[Action(page.slug)])


def _run(request: HttpRequest, case: Case, page: ActionPage, form: CaseForm, about: Any) -> bool:
    """Call the service while the case is locked; put what was refused into the form."""
    try:
        with transaction.atomic():
            lock_case(case)
            last = panels.last_change(case)
            if last is not None and panels.version_token(last) != request.POST.get("seen", ""):
                form.add_error(None, panels.changed_by_another(last))
                return False
            page.run(about, actor_of(request), form)
    except DomainError as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _case_address(site: AdminSite, case: Case) -> str:
    return reverse("admin:cases_case_change", args=[case.pk], current_app=site.name)
