"""The request form: begin, one page after the other, the summary, and forgetting the draft."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from requests_portal.presentation.applicability import laws_found
from requests_portal.presentation.deadlines import shown_regime
from requests_portal.presentation.responses import (
    PageError,
    private,
    remember_language,
    tell_next_page,
    told_errors,
    wants_language,
)
from requests_portal.public import sessions, uploads
from requests_portal.public.forms.base import TypedRow, chosen_kinds
from requests_portal.public.forms.people import residence_of
from requests_portal.public.pages import Page, filing_request, first_incomplete, read_rows
from requests_portal.public.sessions import DraftSession, held_draft
from requests_portal.public.steps import (
    CHECK,
    STEP_COUNT,
    STEPS,
    FormStep,
    applicable_steps,
    find_step,
    neighbour,
    number_of,
)
from workflows.cases.admission import AdmissionNeeded, NotYet, needs_admission
from workflows.cases.applicable_law import laws_for
from workflows.cases.drafts import (
    add_draft_file,
    create_draft,
    discard_draft,
    file_draft,
    remove_draft_file,
    save_answers,
)
from workflows.cases.errors import InvalidFiling
from workflows.cases.models import Purpose


def step_address(slug: str) -> str:
    """Return the address of a page of the form, or of the summary."""
    return reverse("request_check") if slug == CHECK else reverse("request_step", args=[slug])


@private
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Explain what will be asked, and begin a draft or go on with the one of this browser."""
    held = held_draft(request)
    if held and held.draft.filed_at is None and request.method == "GET":
        incomplete = first_incomplete(held.answers)
        goes_on = step_address(incomplete.slug if incomplete else CHECK)
        return render(request, "public/start.html", {"goes_on": goes_on})
    if request.method == "GET":
        return render(request, "public/start.html", {"was_sent": held is not None})
    draft, token = create_draft()
    response = redirect("request_step", STEPS[0].slug)
    if draft.awaits_admission:
        response = redirect("request_wait", Purpose.BEGIN)
    sessions.remember_draft(response, token)
    if held and held.draft.filed_at is None:
        discard_draft(held.draft)
    return response


@private
@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one page of the form, or keep what was typed on it and go where the button says."""
    found = find_step(slug)
    if found is None:
        raise Http404
    held = held_draft(request)
    if held and held.draft.filed_at:
        return redirect("request_receipt")
    if request.method == "POST":
        return _take(request, held, found)
    if held is None:
        return redirect("request_start")
    if held.draft.awaits_admission:
        return redirect("request_wait", Purpose.BEGIN)
    if not found.applies(held.answers):
        return redirect("request_check")
    return _show_kept(request, held, found)


def _show_kept(request: HttpRequest, held: DraftSession, current: FormStep) -> HttpResponse:
    """Show a page as it lies in the draft, with what is wrong after an attempt to go on."""
    page = Page(current, held.answers, check="check" in request.GET)
    return _show(request, held, page, [*told_errors(request), *page.errors()])


def _take(request: HttpRequest, held: DraftSession | None, current: FormStep) -> HttpResponse:
    """Keep what was typed, right or wrong, then go on; without a draft, begin one with it."""
    with transaction.atomic():
        # Two windows on one draft wait for each other, so that neither loses the other's pages.
        held = held.locked() if held else DraftSession(*create_draft())
        if held.draft.filed_at:
            return redirect("request_receipt")
        rows = read_rows(current, request.POST, held.answers)
        rows = _add_or_remove_row(current, rows, request.POST.get("go", ""))
        response = _keep(request, held, current, rows) or _act(request, held, current)
    sessions.remember_draft(response, held.token)
    return response


def _keep(
    request: HttpRequest, held: DraftSession, current: FormStep, rows: list[TypedRow]
) -> HttpResponse | None:
    """Keep what was typed; show it with what is wrong where it cannot be kept."""
    answers = {**held.answers, current.slug: rows}
    try:
        save_answers(held.draft, answers)
    except (InvalidFiling, AdmissionNeeded) as refused:
        return _show_unsaved(request, held, Page(current, answers, check=True), refused)
    return None


def _act(request: HttpRequest, held: DraftSession, current: FormStep) -> HttpResponse:
    """Keep or let go of files, then follow the button that was pressed."""
    refused = _take_files(request, held) if current.takes_files else []
    return _without_check(request, held, current) or _go_on(request, held, current, refused)


def _add_or_remove_row(current: FormStep, rows: list[TypedRow], go: str) -> list[TypedRow]:
    name, _separator, number = go.partition(":")
    if name == "add" and len(rows) < current.most_rows:
        return [*rows, {}]
    if name == "remove":
        return [row for place, row in enumerate(rows) if str(place) != number] or [{}]
    return rows


def _same_page(request: HttpRequest, current: FormStep, *, check: bool = False) -> str:
    marks = {"change": "change" in request.POST, "check": check}
    query = urlencode({name: 1 for name, is_set in marks.items() if is_set})
    return step_address(current.slug) + (f"?{query}" if query else "")


def _without_check(
    request: HttpRequest, held: DraftSession, current: FormStep
) -> HttpResponse | None:
    """Follow a button that keeps what was typed as it is; None for one that goes on."""
    match request.POST.get("go", "").partition(":")[0]:
        case "autosave":
            return HttpResponse(status=204)
        case "back":
            before = neighbour(current, held.answers, -1)
            return redirect(step_address(before or current.slug))
        case "language":
            return remember_language(redirect(_same_page(request, current)))
        case "add":
            last = len(held.answers[current.slug])
            return redirect(f"{_same_page(request, current)}#row-{last}")
        case "remove" | "remove_file":
            return redirect(_same_page(request, current))
    return None


def _go_on(
    request: HttpRequest, held: DraftSession, current: FormStep, refused: list[PageError]
) -> HttpResponse:
    """Go on to the next page if this one is right, else back to it, which says what is wrong.

    It is a page of its own, so that the browser's way back never asks whether to send again.
    """
    if not current.applies(held.answers):
        return redirect("request_check")
    if refused or not Page(current, held.answers, check=True).is_valid():
        tell_next_page(request, refused)
        return redirect(_same_page(request, current, check=True))
    if request.POST.get("go") == "add_file":
        return redirect(_same_page(request, current))
    if "change" in request.POST:
        return redirect("request_check")
    return redirect(step_address(neighbour(current, held.answers, 1) or CHECK))


def _take_files(request: HttpRequest, held: DraftSession) -> list[PageError]:
    """Keep the files that were sent with the page, and let go of the one that was struck out.

    Returns why the others were not kept.
    """
    go, _separator, wanted = request.POST.get("go", "").partition(":")
    for file in held.draft.files.all() if go == "remove_file" else ():
        if str(file.pk) == wanted:
            remove_draft_file(held.draft, wanted)
    sentences = [uploads.too_large_sentence()] if uploads.was_too_large(request) else []
    for upload in uploads.sent_uploads(request):
        try:
            add_draft_file(held.draft, upload)
        except InvalidFiling as refused:
            sentences += refused.errors[uploads.FIELD]
        except AdmissionNeeded as refused:
            sentences.append(str(refused))
    return [uploads.error(sentence) for sentence in dict.fromkeys(sentences)]


def _show_unsaved(
    request: HttpRequest, held: DraftSession, page: Page, refused: InvalidFiling | AdmissionNeeded
) -> HttpResponse:
    """Show what was typed and cannot be kept, so that it is not lost."""
    if request.POST.get("go") == "autosave":
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    errors = [PageError("answers", sentence) for sentence in sentences_of(refused)]
    return _show(request, held, page, [*errors, *page.errors()])


def sentences_of(refused: InvalidFiling | AdmissionNeeded) -> list[str]:
    """Return what a refusal says, whatever it concerns."""
    if isinstance(refused, AdmissionNeeded):
        return [str(refused)]
    return [sentence for group in refused.errors.values() for sentence in group]


def _show(
    request: HttpRequest, held: DraftSession, page: Page, errors: list[PageError] | None = None
) -> HttpResponse:
    answers = held.answers
    current = page.step
    context: dict[str, Any] = {
        "step": current,
        "question": current.question_in(answers),
        "page": page,
        "errors": errors or [],
        "position": number_of(current),
        "count": STEP_COUNT,
        "back": neighbour(current, answers, -1),
        "change": "change" in request.GET or "change" in request.POST,
        "awaits_admission": held.draft.awaits_admission,
    }
    if current.takes_files:
        context["files"] = list(held.draft.files.select_related("draft__data_key"))
        context["files_need_admission"] = needs_admission(held.draft, Purpose.FILES)
        context["files_were_let_go"] = held.draft.files_let_go_at is not None
    return render(request, "public/question.html", context)


def _with_unsent_draft(
    view: Callable[[HttpRequest, DraftSession], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give a view the draft of this browser; lead elsewhere without one or when it was sent."""

    def with_draft(request: HttpRequest) -> HttpResponse:
        held = held_draft(request)
        if held is None:
            return redirect("request_start")
        if held.draft.filed_at:
            return redirect("request_receipt")
        if held.draft.awaits_admission:
            return redirect("request_wait", Purpose.BEGIN)
        return view(request, held)

    return with_draft


@private
@require_http_methods(["GET", "POST"])
@_with_unsent_draft
def check(request: HttpRequest, held: DraftSession) -> HttpResponse:
    """Show all answers with links to change them; send the request."""
    if wants_language(request):
        return remember_language(redirect("request_check"))
    incomplete = first_incomplete(held.answers)
    if incomplete:
        return redirect("request_step", incomplete.slug)
    if request.method == "GET":
        return _summary(request, held)
    return send(request, held)


def send(request: HttpRequest, held: DraftSession) -> HttpResponse:
    """Send a complete request and go to its receipt, or to where it waits to be let in."""
    try:
        _file(held)
    except InvalidFiling as refused:
        sentences = sentences_of(refused)
        tell_next_page(request, [PageError("summary", sentence) for sentence in sentences])
        return redirect("request_check")
    except (AdmissionNeeded, NotYet):
        return redirect("request_wait", Purpose.SEND)
    return redirect("request_receipt")


@transaction.atomic
def _file(held: DraftSession) -> None:
    """File the draft once, however often the button was pressed."""
    held = held.locked()
    if held.draft.filed_at:
        return
    request = filing_request(held.answers, get_language() or "")
    file_draft(held.draft, held.token, request)


def _summary(request: HttpRequest, held: DraftSession) -> HttpResponse:
    answers = held.answers
    pages = [Page(other, answers, check=True) for other in applicable_steps(answers)]
    residence = residence_of(answers)
    laws = laws_for(residence, chosen_kinds(answers))
    context = {
        "applicability": laws_found(laws, residence),
        "errors": told_errors(request),
        "sections": [
            {
                "step": page.step,
                "question": page.step.question_in(answers),
                "rows": list(page.in_words()),
            }
            for page in pages
        ],
        "files": list(held.draft.files.select_related("draft__data_key")),
        "regimes": [
            shown_regime(regime, residence, chosen_kinds(answers)) for regime in laws.regimes
        ],
        "count": STEP_COUNT,
        "back": pages[-1].step.slug,
    }
    return render(request, "public/check.html", context)


@private
@require_http_methods(["GET", "POST"])
@_with_unsent_draft
def discard(request: HttpRequest, held: DraftSession) -> HttpResponse:
    """Ask whether to delete the draft, and delete it."""
    if request.method == "GET":
        return render(request, "public/discard.html")
    if wants_language(request):
        return remember_language(redirect("request_discard"))
    discard_draft(held.draft)
    response = render(request, "public/discarded.html")
    sessions.forget_draft(request, response)
    return response
