"""What a person does to their case: write with files, withdraw, contest, complain."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from requests_portal.public import uploads
from requests_portal.public.case_session import of_own_case
from requests_portal.public.case_shown import open_question, permitted_actions
from requests_portal.public.forms.base import QuestionForm
from requests_portal.public.forms.case import (
    ComplaintForm,
    ComplaintWithdrawalForm,
    MessageForm,
    ObjectionForm,
    SeparationForm,
    WithdrawalForm,
)
from requests_portal.public.page_errors import PageError, page_errors
from requests_portal.public.responses import remember_language, wants_language
from workflows.cases import correspondence, merging
from workflows.cases.attachments import Upload
from workflows.cases.errors import InvalidFiling
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case
from workflows.common.errors import DomainError
from workflows.complaints import services as complaints


@dataclass(frozen=True, slots=True)
class CaseAction:
    """One page with one text: its form and template, what it needs, and what it calls.

    `action` is a name of `case_shown.allowed`, `field` the field of the text, empty without one.
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

    What was typed stays in the form when the deed is refused.
    """
    deed = CASE_ACTIONS[page]
    if request.method == "GET":
        if not permitted_actions(case)[deed.action]:
            return redirect("status")
        return _show(request, case, page, deed.form(), [])
    if wants_language(request):
        typed = {deed.field: request.POST.get(deed.field, "")}
        return remember_language(_show(request, case, page, deed.form(initial=typed), []))
    form = deed.form(request.POST)
    errors = _do(request, case, deed, form)
    return _show(request, case, page, form, errors) if errors else redirect("status")


def _do(request: HttpRequest, case: Case, deed: CaseAction, form: QuestionForm) -> list[PageError]:
    """Do a deed; return what stands against it, which is nothing when it was done."""
    if uploads.was_too_large(request):
        return [PageError(f"id_{uploads.FIELD}", uploads.too_large_sentence())]
    if not form.is_valid():
        return page_errors(form)
    try:
        deed.do(case, form.cleaned_data.get(deed.field, ""), uploads.sent_uploads(request))
    except InvalidFiling as refused:
        return [PageError(f"id_{uploads.FIELD}", text) for text in refused.errors[uploads.FIELD]]
    except DomainError as refused:
        form.add_error(deed.field or None, str(refused))
    return page_errors(form)


def show_again(request: HttpRequest, case: Case) -> HttpResponse | None:
    """Show a form with the text that was typed into it before the session ended."""
    page = request.POST.get("page", "")
    if page not in CASE_ACTIONS or not permitted_actions(case)[CASE_ACTIONS[page].action]:
        return None
    typed = {CASE_ACTIONS[page].field: request.POST["typed"]}
    return _show(request, case, page, CASE_ACTIONS[page].form(initial=typed), [])


def _show(
    request: HttpRequest, case: Case, page: str, form: QuestionForm, errors: list[PageError]
) -> HttpResponse:
    context = {
        "case": case,
        "form": form,
        "errors": errors,
        "address": reverse(page),
        "here": reverse(page),
        "question": None if case.erased_at else open_question(case),
    }
    return render(request, CASE_ACTIONS[page].template, context)
