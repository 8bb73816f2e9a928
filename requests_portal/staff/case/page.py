"""The page of a case, its files and its proofs. Each look at them is a step in the log."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from requests_portal.presentation.responses import unsealed_file
from requests_portal.sign_in.people import actor_of
from requests_portal.staff.case import presenter, timeline
from requests_portal.staff.case.actions.buttons import buttons_for
from requests_portal.staff.case.actions.complaints import complaint_views
from requests_portal.staff.case.actions.panels import model_steps
from requests_portal.staff.case.presenter import case_id_of, require_case_role, shared_context
from requests_portal.staff.case.timeline import clock_views
from requests_portal.staff.queue.search import related_cases
from workflows.cases.attachments import FileLocked, read_attachment
from workflows.cases.malware import delete_infected
from workflows.cases.models import Attachment, Case
from workflows.cases.staff_actions import log_case_view
from workflows.corrections.answer_parts import came_out_for, lines_about
from workflows.corrections.reingestion import open_reingestions
from workflows.ledger.models import Event
from workflows.ledger.selectors import proof_text
from workflows.lookups.findings import findings_of, progress_of
from workflows.lookups.services import waiting_in_newer
from workflows.vault.crypto import Shredded
from workflows.vocabulary.roles import Role


@require_safe
def case_page(request: HttpRequest, site: AdminSite, object_id: str) -> HttpResponse:
    """Show a case from top to bottom."""
    require_case_role(request)
    case = presenter.load_case(case_id_of(object_id))
    log_case_view(case, actor_of(request), what="case")
    entries, places, ledger = timeline.read_timeline(case)
    names = presenter.names_on_page(case, (entry.actor for entry in entries))
    chosen = request.GET.get("show", "steps")
    found_in = findings_of(case)
    messages = presenter.message_page(case, request.GET.get("messages", ""))
    context = {
        **shared_context(request, site, case),
        "summary": presenter.summary(case),
        "people": case.people.all(),
        "kin": presenter.near_relative_lines(case),
        "identifiers": case.identifiers.all(),
        "clocks": clock_views(case, timezone.now()),
        "buttons": buttons_for(case, actor_of(request)),
        "complaints": complaint_views(case, actor_of(request), names, timezone.now()),
        "items": presenter.item_views(case),
        "proposed_by": names.get(case.proposed_by, case.proposed_by),
        "approved_although": presenter.approved_although(case),
        "lookup": progress_of(case),
        "found_in": found_in,
        "came_out": came_out_for(case),
        "model_steps": model_steps(case),
        "came_back": open_reingestions(case),
        "recipients_told": lines_about(case),
        "to_judge": sum(finding.open for finding in found_in),
        "waiting_in_newer": waiting_in_newer(case),
        "messages_of_case": presenter.message_views(messages, names),
        "message_page": messages,
        "attachments": presenter.files_beside_notices(case),
        "may_delete_files": Role.PRIVACY_OFFICER in actor_of(request).roles,
        "notices": list(case.notices.all())[::-1],
        "may_see_texts": request.user.has_perm("notices.view_noticetext"),
        "related": related_cases(case),
        "steps": timeline.step_views(entries, places, names, chosen),
        "filters": timeline.FILTERS,
        "chosen": chosen if chosen in timeline.FILTERS else "steps",
        "ledger": ledger,
    }
    return TemplateResponse(request, "staff/case.html", context)


@require_safe
def attachment(
    request: HttpRequest, site: AdminSite, object_id: str, attachment_id: UUID
) -> FileResponse:
    """Send a file of a case as a download; a browser must not show it."""
    del site
    require_case_role(request)
    found = (
        Attachment.objects.select_related("case__data_key", "file__data_key")
        .filter(pk=attachment_id, case_id=case_id_of(object_id))
        .first()
    )
    if found is None:
        raise Http404
    try:
        pieces = read_attachment(found)
    except (Shredded, FileLocked):
        raise Http404 from None
    log_case_view(found.case, actor_of(request), what="attachment")
    return unsealed_file(pieces, name=found.name, size=found.size, content_type=found.media_type)


@require_http_methods(["GET", "HEAD", "POST"])
def delete_attachment(
    request: HttpRequest, site: AdminSite, object_id: str, attachment_id: UUID
) -> HttpResponse:
    """Ask a privacy officer whether to delete a file that holds malware, and delete it."""
    actor = actor_of(request)
    if Role.PRIVACY_OFFICER not in actor.roles:
        raise PermissionDenied
    case = presenter.load_case(case_id_of(object_id))
    found = get_object_or_404(
        case.attachments.filter(scan=Attachment.Scan.INFECTED), pk=attachment_id
    )
    back = reverse("admin:cases_case_change", args=[case.pk])
    if request.method == "POST":
        delete_infected(found, actor)
        messages.success(request, _("The file is deleted."))
        return HttpResponseRedirect(back)
    context = {
        **shared_context(request, site, case),
        "title": _("Delete a file that holds malware"),
        "intro": _(
            "%(file)s holds %(malware)s, as the scanner says. It is deleted for good. That it was"
            " sent and deleted stays in the log, and the person reads it."
        )
        % {"file": found.name, "malware": found.malware},
        "button": _("Delete the file"),
        "form": Form(),
        "back": back,
    }
    return TemplateResponse(request, "staff/question.html", context)


@require_safe
def proof(request: HttpRequest, site: AdminSite, object_id: str, event_id: UUID) -> HttpResponse:
    """Send the proof that a step of a case is in the log."""
    del site
    require_case_role(request)
    case = get_object_or_404(Case, pk=case_id_of(object_id))
    event = get_object_or_404(Event, uid=event_id, case=case.pseudonym)
    text = proof_text(event)
    if text is None:
        raise Http404
    name = f"{case.number}-{event.step}.tlog-proof"
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, name)},
    )
