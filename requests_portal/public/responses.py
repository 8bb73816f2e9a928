"""What several views say about their answers: private pages, downloads, the language."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def private(view: View[P]) -> View[P]:
    """Keep a page out of every cache, and its address out of the `Referer` header.

    The policy is `strict-origin`, which tells other pages the name of this site and no path.
    `no-referrer` would make browsers send `Origin: null` with the forms of the page, and Django
    would then rightly refuse them as forged.
    """

    @wraps(view)
    def kept(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "strict-origin"
        return response

    return kept


def download(content: Iterable[bytes], name: str, media_type: str) -> StreamingHttpResponse:
    """Give bytes as a file that a browser saves and never shows."""
    response = StreamingHttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def wants_language(request: HttpRequest) -> bool:
    """Return whether a form was sent by its language switch, and is not to be acted upon."""
    return request.POST.get("go") == "language"


def remember_language(response: HttpResponse) -> HttpResponse:
    """Let the browser remember the language of this page, as Django's own switch does."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        get_language() or settings.LANGUAGE_CODE,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
    return response
