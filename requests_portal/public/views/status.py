"""The status of a case: log-in, overview, answer, what one does there, leaving."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from requests_portal.presentation.responses import (
    PageError,
    page_errors,
    private,
    remember_language,
    tell_next_page,
    told_errors,
    wants_language,
)
from requests_portal.public import sessions, uploads
from requests_portal.public.case_presenter import (
    open_question,
    permitted_actions,
    present_case,
    zone_of,
)
from requests_portal.public.forms.base import QuestionForm
from requests_portal.public.forms.case import (
    ComplaintForm,
    ComplaintWithdrawalForm,
    MessageForm,
    ObjectionForm,
    ReceiptForm,
    SeparationForm,
    WithdrawalForm,
)
from requests_portal.public.sessions import (
    close_case,
    current_case,
    held_draft,
    keep_typed_text,
    of_own_case,
    open_case,
    typed_text,
)
from workflows.cases import correspondence, merging
from workflows.cases.access import find_by_receipt
from workflows.cases.attachments import Upload
from workflows.cases.drafts import discard_draft
from workflows.cases.errors import InvalidFiling, TooManyAttempts, UnknownReceipt
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case, Message
from workflows.common.errors import DomainError
from workflows.complaints import services as complaints
from workflows.identity.contact import ask_for_link
from workflows.notices.services import letter_of


@dataclass(frozen=True, slots=True)
class CaseAction:
    """One page with one text: its form and template, what it needs, and what it calls.

    `action` is a name of `case_presenter.permitted_actions`, `field` the field of the text, empty
    without one.
    """

    form: type[QuestionForm]
    field: str
    action: str
    template: str
    do: Callable[[Case, str, tuple[Upload, ...]], object]


# By the name of the address.
CASE_ACTIONS = {
    "status_write": CaseAction(
        MessageForm, "body", "write", "public/write.html", correspondence.write_to_provider
    ),
    "status_withdraw": CaseAction(
        WithdrawalForm,
        "reasons",
        Action.WITHDRAW,
        "public/withdraw.html",
        lambda case, text, _files: correspondence.withdraw(case, text),
    ),
    "status_contest": CaseAction(
        ObjectionForm,
        "reasons",
        Action.CONTEST,
        "public/contest.html",
        lambda case, text, _files: complaints.contest_answer(case, text),
    ),
    "status_unmerge": CaseAction(
        SeparationForm,
        "reasons",
        Action.UNMERGE,
        "public/unmerge.html",
        lambda case, text, _files: merging.unmerge(case, reasons=text),
    ),
    "status_complain": CaseAction(
        ComplaintForm,
        "reasons",
        "complain",
        "public/complain.html",
        lambda case, text, _files: complaints.complain(case, text),
    ),
    "status_complaint_withdraw": CaseAction(
        ComplaintWithdrawalForm,
        "",
        "withdraw_complaint",
        "public/withdraw_complaint.html",
        lambda case, _text, _files: complaints.withdraw_open(case),
    ),
}


@require_http_methods(["GET", "POST"])
@of_own_case
def take_action(request: HttpRequest, case: Case, page: str) -> HttpResponse:
    """Show the form of a deed, or do it and go back to the status.

    What was typed stays in the session until the deed is done, and what stands against it is told
    by a page of its own, so that the browser's way back never asks whether to send again.
    """
    deed = CASE_ACTIONS[page]
    if request.method == "GET":
        if not permitted_actions(case)[deed.action] and "check" not in request.GET:
            return redirect("status")
        return _show(request, case, page)
    typed = request.POST.get(deed.field, "")
    keep_typed_text(request, page, typed)
    if wants_language(request):
        return remember_language(redirect(page))
    form = deed.form(request.POST)
    errors = _do(request, case, deed, form)
    if errors or not form.is_valid():
        tell_next_page(request, errors)
        return redirect(_checked(page))
    keep_typed_text(request, page, "")
    return redirect("status")


def _checked(page: str) -> str:
    return f"{reverse(page)}?check=1"


def _do(request: HttpRequest, case: Case, deed: CaseAction, form: QuestionForm) -> list[PageError]:
    """Do a deed if its form is right; return what else stands against it."""
    if uploads.was_too_large(request):
        return [uploads.error(uploads.too_large_sentence())]
    if not form.is_valid():
        return []
    try:
        deed.do(case, form.cleaned_data.get(deed.field, ""), uploads.sent_uploads(request))
    except InvalidFiling as refused:
        return [uploads.error(sentence) for sentence in refused.errors[uploads.FIELD]]
    except DomainError as refused:
        return [PageError(f"id_{deed.field}", str(refused))]
    return []


def _show(request: HttpRequest, case: Case, page: str) -> HttpResponse:
    """Show the form of a deed with what was typed before, and what stood against it."""
    deed = CASE_ACTIONS[page]
    typed = {deed.field: typed_text(request, page)}
    form = deed.form(typed) if "check" in request.GET else deed.form(initial=typed)
    told = told_errors(request)
    for error in told:
        if form.is_bound and error.anchor == f"id_{deed.field}":
            form.add_error(deed.field, error.message)
    context = {
        "case": case,
        "form": form,
        "errors": told or page_errors(form),
        "address": reverse(page),
        "here": reverse(page),
        "question": None if case.erased_at else open_question(case),
    }
    return render(request, deed.template, context)


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
    page, text = request.POST.get("page", ""), request.POST.get("typed", "")
    goes_on = page in CASE_ACTIONS and permitted_actions(case)[CASE_ACTIONS[page].action]
    response = redirect(page if text and goes_on else "status")
    open_case(response, case, {page: text} if text and goes_on else None)
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
        sessions.forget_draft(request, response)
    return response


@require_safe
def logged_out(request: HttpRequest) -> HttpResponse:
    """Say that nothing of the case is left in this browser."""
    return render(request, "public/left.html")
