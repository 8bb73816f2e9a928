"""The draft of a request, found by the secret that the person's browser holds."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from requests_portal.middleware import leave_nothing
from requests_portal.public.forms.base import Answers
from workflows.cases.drafts import DRAFT_KEPT_FOR, find_draft
from workflows.cases.models import Draft

COOKIE = "__Host-draft" if settings.HTTPS else "draft"


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
    token = request.COOKIES.get(COOKIE)
    draft = find_draft(token) if token else None
    return DraftSession(draft, token) if draft and token else None


def remember_draft(response: HttpResponse, token: str) -> None:
    """Let the browser keep the secret for as long as the draft is kept."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=DRAFT_KEPT_FOR,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def forget_draft(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser forget the secret and the pages that it opened."""
    response.delete_cookie(COOKIE, samesite="Lax")
    leave_nothing(request)
