"""What a browser holds of a person: an opened case for sixty minutes, and a draft.

It is a session of its own beside the one of staff, so that neither can end or inherit the other.
Every opening makes a new session key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from importlib import import_module
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from requests_portal.presentation.middleware import clear_site_data
from requests_portal.presentation.responses import private
from requests_portal.public.forms.base import Answers
from requests_portal.public.forms.case import ReceiptForm
from workflows.cases.drafts import DRAFT_KEPT_FOR, find_draft
from workflows.cases.models import Case, Draft

COOKIE = "__Host-case" if settings.HTTPS else "case"
LASTS = timedelta(minutes=60)
_CASE = "case"
_TYPED = "typed"

P = ParamSpec("P")


DRAFT_COOKIE = "__Host-draft" if settings.HTTPS else "draft"


def _session(key: str | None = None) -> SessionBase:
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return store


def open_case(response: HttpResponse, case: Case, typed: Mapping[str, str] | None = None) -> None:
    """Begin a session for a case whose receipt was shown.

    `typed` holds what was written on a page of the case before, by the name of the page.
    """
    session = _session()
    session[_CASE] = str(case.pk)
    if typed:
        session[_TYPED] = dict(typed)
    session.set_expiry(LASTS)
    session.create()
    response.set_cookie(
        COOKIE, session.session_key or "", secure=settings.HTTPS, httponly=True, samesite="Lax"
    )


def current_case(request: HttpRequest) -> Case | None:
    """Return the case of the running session and let its hour begin anew; None without one."""
    key = request.COOKIES.get(COOKIE)
    session = _session(key) if key else {}
    case = (
        Case.objects.select_related("data_key").filter(pk=session[_CASE]).first()
        if _CASE in session
        else None
    )
    if case is not None and isinstance(session, SessionBase):
        session.set_expiry(LASTS)
        session.save(must_create=False)
    return case


def typed_text(request: HttpRequest, page: str) -> str:
    """Return what was written on a page of the opened case and not sent yet."""
    text: str = _session(request.COOKIES[COOKIE]).get(_TYPED, {}).get(page, "")
    return text


def keep_typed_text(request: HttpRequest, page: str, text: str) -> None:
    """Keep what was written on a page of the opened case until it is sent; empty lets go of it."""
    session = _session(request.COOKIES[COOKIE])
    before = session.get(_TYPED, {})
    kept = {name: other for name, other in before.items() if name != page}
    if text:
        kept[page] = text
    if kept != before:
        session[_TYPED] = kept
        session.save(must_create=False)


def close_case(request: HttpRequest, response: HttpResponse) -> None:
    """End the session on the server and in the browser."""
    key = request.COOKIES.get(COOKIE)
    if key:
        _session(key).delete(key)
    response.delete_cookie(COOKIE, samesite="Lax")
    clear_site_data(request)


def _ask_to_log_in_again(request: HttpRequest) -> HttpResponse:
    page = request.resolver_match.url_name if request.resolver_match else ""
    typed = request.POST.get("body") or request.POST.get("reasons") or ""
    context = {
        "form": ReceiptForm(),
        "typed": typed,
        "page": page,
        "here": reverse("status_login"),
    }
    return render(request, "public/status_login.html", context, status=403)


def of_own_case(
    view: Callable[Concatenate[HttpRequest, Case, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give a view the case of the session; without one, lead to the log-in.

    A view behind this never takes the case from the address, so that no other can be asked for.
    A text that was sent after the hour was over is carried through the log-in.
    """

    @wraps(view)
    @private
    def with_case(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        case = current_case(request)
        if case is None and request.method == "POST":
            return _ask_to_log_in_again(request)
        if case is None:
            return redirect("status_login")
        return view(request, case, *args, **kwargs)

    return with_case


@dataclass(frozen=True, slots=True)
class DraftSession:
    """A draft together with its secret."""

    draft: Draft
    token: str

    @property
    def answers(self) -> Answers:
        """Return what was typed so far, by page."""
        answers: Answers = self.draft.answers
        return answers

    def locked(self) -> "DraftSession":
        """Return the draft as it stands now, locked until the transaction ends."""
        drafts = Draft.objects.select_for_update(of=("self",)).select_related("data_key")
        return DraftSession(drafts.get(pk=self.draft.pk), self.token)


def held_draft(request: HttpRequest) -> DraftSession | None:
    """Return the draft of this browser, or None."""
    token = request.COOKIES.get(DRAFT_COOKIE)
    draft = find_draft(token) if token else None
    return DraftSession(draft, token) if draft and token else None


def remember_draft(response: HttpResponse, token: str) -> None:
    """Let the browser keep the secret for as long as the draft is kept."""
    response.set_cookie(
        DRAFT_COOKIE,
        token,
        max_age=DRAFT_KEPT_FOR,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def forget_draft(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser forget the secret and the pages that it opened."""
    response.delete_cookie(DRAFT_COOKIE, samesite="Lax")
    clear_site_data(request)
