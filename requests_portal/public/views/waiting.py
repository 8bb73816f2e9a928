"""The page before something is let in while more comes in than usual.

A browser that runs scripts solves a challenge here and goes on by itself. One that does not waits
in line: a button gives it a place, and when its turn has come, another lets it in.
"""

import json
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from requests_portal.presentation.responses import (
    PageError,
    private,
    remember_language,
    wants_language,
)
from requests_portal.public.pages import first_incomplete
from requests_portal.public.sessions import DraftSession, held_draft
from requests_portal.public.steps import STEPS
from requests_portal.public.views.filing import send
from workflows.cases.admission import (
    OPEN_FOR,
    LineFull,
    NotYet,
    ProofRefused,
    admit_with_proof,
    challenge_for,
    in_words,
    join_line,
    max_attempts,
    needs_admission,
    place_of,
)
from workflows.cases.drafts import open_draft
from workflows.cases.models import Purpose
from workflows.common.errors import DomainError

_FILES_STEP = next(step.slug for step in STEPS if step.takes_files)


@private
@require_http_methods(["GET", "POST"])
def wait(request: HttpRequest, purpose: str) -> HttpResponse:
    """Say that one more step is needed and why, and let in who has taken it."""
    if purpose not in Purpose.values:
        raise Http404
    held = held_draft(request)
    if held is None:
        return redirect("request_start")
    if held.draft.filed_at:
        return redirect("request_receipt")
    if purpose == Purpose.SEND and (incomplete := first_incomplete(held.answers)):
        return redirect("request_step", incomplete.slug)
    wanted = Purpose(purpose)
    if request.method == "POST":
        return _take(request, held, wanted)
    if place_of(held.draft, wanted) is None and not needs_admission(held.draft, wanted):
        return _go_on(wanted)
    return _show(request, held, wanted)


def _address_before(purpose: Purpose) -> str:
    """Return the address of the page from which a person is led here."""
    if purpose == Purpose.SEND:
        return reverse("request_check")
    if purpose == Purpose.FILES:
        return reverse("request_step", args=[_FILES_STEP])
    return reverse("request_start")


def _go_on(purpose: Purpose) -> HttpResponse:
    """Return to where nothing stands in the way any more."""
    if purpose == Purpose.BEGIN:
        return redirect("request_step", STEPS[0].slug)
    return redirect(_address_before(purpose))


def _take(request: HttpRequest, held: DraftSession, purpose: Purpose) -> HttpResponse:
    """Give a place in the line, or let in."""
    if wants_language(request):
        return remember_language(redirect("request_wait", purpose))
    try:
        if request.POST.get("go") == "line":
            join_line(held.draft, purpose)
            return redirect("request_wait", purpose)
        if proof := request.POST.get("proof"):
            admit_with_proof(held.draft, purpose, proof)
        return _let_in(request, held, purpose)
    except ProofRefused as refused:
        return _show(request, held, purpose, refused)
    except (NotYet, LineFull) as refused:
        return _show(request, held, purpose, refused, refused.wait)


def _let_in(request: HttpRequest, held: DraftSession, purpose: Purpose) -> HttpResponse:
    """Do what the draft was let in for. Raises `NotYet`."""
    place = place_of(held.draft, purpose)
    if place is None and needs_admission(held.draft, purpose):
        return redirect("request_wait", purpose)
    if place is not None and place.opens_at > timezone.now():
        raise NotYet(place.opens_at - timezone.now())
    if purpose == Purpose.SEND:
        return send(request, held)
    if purpose == Purpose.BEGIN and held.draft.awaits_admission:
        open_draft(held.draft)
    return _go_on(purpose)


def _show(
    request: HttpRequest,
    held: DraftSession,
    purpose: Purpose,
    refused: DomainError | None = None,
    retry_after: timedelta | None = None,
) -> HttpResponse:
    place = place_of(held.draft, purpose)
    left = place.opens_at - timezone.now() if place else timedelta(0)
    challenge = challenge_for(held.draft, purpose)
    context: dict[str, Any] = {
        "purpose": purpose,
        "challenge": json.dumps(challenge),
        "tries": max_attempts(purpose),
        "minutes": int(OPEN_FOR[purpose] / timedelta(minutes=1)),
        "back": _address_before(purpose),
        "place": place,
        "wait": in_words(left) if left > timedelta(0) else "",
        "errors": [PageError("line", str(refused))] if refused else [],
    }
    status = HTTPStatus.TOO_MANY_REQUESTS if retry_after else HTTPStatus.OK
    response = render(request, "public/wait.html", context, status=status)
    if retry_after:
        response["Retry-After"] = str(ceil(retry_after.total_seconds()))
    return response
