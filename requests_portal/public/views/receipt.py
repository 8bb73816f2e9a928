"""The receipt of a request that was just sent, for as long as the draft is kept after filing."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from requests_portal.public import draft_cookie
from requests_portal.public.case_session import open_case
from requests_portal.public.case_shown import zone_of
from requests_portal.public.draft_cookie import held_draft
from requests_portal.public.responses import private
from requests_portal.public.rules_shown import shown_clocks
from requests_portal.public.views.files import receipt_download
from workflows.cases.drafts import discard_draft, filed_draft
from workflows.cases.filing import FilingResult
from workflows.mail.links import status_link


def _filed(request: HttpRequest) -> FilingResult | None:
    """Return case and receipt of the draft that this browser sent; None when there is none.

    It is read and never filed again: a case that was erased meanwhile stays erased.
    """
    held = held_draft(request)
    return filed_draft(held.draft, held.token) if held else None


@private
@require_http_methods(["GET"])
def receipt(request: HttpRequest) -> HttpResponse:
    """Show case number, receipt, due date and what happens next."""
    filed = _filed(request)
    if filed is None:
        return redirect("status_login")
    context = {
        "case": filed.case,
        "receipt": filed.receipt,
        "clocks": shown_clocks(filed.case),
        "zone": zone_of(filed.case),
        "status_address": status_link(get_language() or ""),
    }
    return render(request, "public/receipt.html", context)


@private
@require_safe
def receipt_file(request: HttpRequest) -> HttpResponseBase:
    """Give the signed receipt as a file, which proves that the request was received."""
    filed = _filed(request)
    if filed is None:
        return redirect("status_login")
    return receipt_download(filed.case)


@private
@require_POST
def open_status(request: HttpRequest) -> HttpResponse:
    """Go from the receipt to the status, without typing number and receipt."""
    filed = _filed(request)
    if filed is None:
        return redirect("status_login")
    response = redirect("status")
    open_case(response, filed.case)
    return response


@private
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Take the receipt off this browser; it is kept for a while in case it was lost."""
    held = held_draft(request)
    response = redirect("home")
    if held and held.draft.filed_at:
        discard_draft(held.draft)
        draft_cookie.forget_draft(request, response)
    return response
