"""The page of one action on a complaint: like that of an action on its case."""

from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from requests_portal.sign_in.people import actor_of
from requests_portal.staff.case.actions.complaints import PAGES, complaint_view
from requests_portal.staff.case.actions.pages import submit_form
from requests_portal.staff.case.presenter import (
    case_id_of,
    load_case,
    names_on_page,
    require_case_role,
)
from workflows.complaints.lifecycle import Action
from workflows.complaints.transition import refusals


@require_http_methods(["GET", "HEAD", "POST"])
def complaint_action_page(
    request: HttpRequest, site: AdminSite, object_id: str, complaint_id: UUID, slug: str
) -> Any:
    """Show or take the form of an action on a complaint."""
    require_case_role(request)
    page = PAGES.get(slug)
    case = load_case(case_id_of(object_id))
    complaint = next((each for each in case.complaints.all() if each.pk == complaint_id), None)
    if page is None or complaint is None:
        raise Http404
    actor = actor_of(request)
    refused = refusals(complaint, actor)
    if Action(slug) not in refused:
        raise PermissionDenied
    response: HttpResponse = submit_form(
        request,
        site,
        case,
        page,
        page.sentence_against(refused[Action(slug)]),
        about=complaint,
        view=complaint_view(case, complaint, actor, names_on_page(case, ()), timezone.now()),
    )
    return response
