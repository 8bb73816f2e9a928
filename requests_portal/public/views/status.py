"""The status of a case: log-in with number and receipt, the overview, the answer, leaving."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from requests_portal.public import draft_cookie
from requests_portal.public.case_session import close_case, current_case, of_own_case, open_case
from requests_portal.public.case_shown import permitted_actions, present_case, zone_of
from requests_portal.public.draft_cookie import held_draft
from requests_portal.public.forms.case import ReceiptForm
from requests_portal.public.page_errors import page_errors
from requests_portal.public.responses import private, remember_language, wants_language
from requests_portal.public.views.correspondence import show_again
from workflows.cases.access import find_by_receipt
from workflows.cases.drafts import discard_draft
from workflows.cases.errors import TooManyAttempts, UnknownReceipt
from workflows.cases.models import Case, Message
from workflows.identity.contact import ask_for_link
from workflows.notices.services import letter_of


@private
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Take case number and receipt; say the same whichever of the two is wrong."""
    if request.method == "GET":
        if current_case(request):
            return redirect("status")
        return _show_log_in(request, ReceiptForm())
    if wants_language(request):
        return remember_language(_show_log_in(request, ReceiptForm(initial=request.POST.dict())))
    form = ReceiptForm(request.POST)
    return _open(request, form) if form.is_valid() else _show_log_in(request, form)


def _open(request: HttpRequest, form: ReceiptForm) -> HttpResponse:
    """Open the case of a number and a receipt, or say that it cannot be opened."""
    try:
        case = find_by_receipt(form.cleaned_data["number"], form.cleaned_data["receipt"])
    except UnknownReceipt as refused:
        form.add_error("number", str(refused))
        return _show_log_in(request, form)
    except TooManyAttempts as refused:
        form.add_error("number", str(refused))
        response = _show_log_in(request, form, status=429)
        response["Retry-After"] = str(int(refused.wait.total_seconds()) + 1)
        return response
    # A text that was sent when the session was over goes on to the form where it was typed.
    again = show_again(request, case) if request.POST.get("typed") else None
    response = again or redirect("status")
    open_case(response, case)
    return response


def _show_log_in(request: HttpRequest, form: ReceiptForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "errors": page_errors(form),
        "typed": request.POST.get("typed", ""),
        "page": request.POST.get("page", ""),
    }
    return render(request, "public/status_login.html", context, status=status)


@require_POST
@of_own_case
def send_link_again(request: HttpRequest, case: Case) -> HttpResponse:
    """Have the link that confirms the address mailed once more."""
    asked = ask_for_link(case)
    return redirect(f"{reverse('status')}?link=asked" if asked else "status")


@require_safe
@of_own_case
def overview(request: HttpRequest, case: Case) -> HttpResponse:
    """Show the clock, the story of the case, the messages, and what can be done now."""
    context = {
        "case": case,
        "shown": present_case(case, request.GET.get("page", "")),
        "link_asked": request.GET.get("link") == "asked",
    }
    return render(request, "public/status.html", context)


@require_safe
@of_own_case
def answer(request: HttpRequest, case: Case, message_id: str) -> HttpResponse:
    """Show one answer on a page of its own, to be read and printed."""
    message = case.messages.filter(pk=message_id, kind=Message.Kind.ANSWER).first()
    if message is None or case.erased_at:
        raise Http404
    context = {
        "case": case,
        "message": message,
        "letter": mark_safe(letter_of(message)),  # noqa: S308 - its words were escaped
        "zone": zone_of(case),
        "may": permitted_actions(case),
    }
    return render(request, "public/answer.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session, and take a receipt that still lies in this browser with it.

    Whoever comes by the address, for instance from the history, is led to the case and not out.
    """
    if request.method != "POST":
        return redirect("status")
    response = redirect("status_left")
    close_case(request, response)
    held = held_draft(request)
    if held and held.draft.filed_at:
        discard_draft(held.draft)
        draft_cookie.forget_draft(request, response)
    return response


@require_safe
def logged_out(request: HttpRequest) -> HttpResponse:
    """Say that nothing of the case is left in this browser."""
    return render(request, "public/left.html")
