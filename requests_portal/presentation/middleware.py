"""Middleware of all pages: correlation ids for the logs, and headers that keep pages private."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from requests_portal.metrics.web import count_request
from workflows.outbox.correlation import NONE, new_id, set_current

_LEAVES = "requests_portal.leaves"

GetResponse = Callable[[HttpRequest], HttpResponse]

# Asked every few seconds by machines; nobody looks for them in the logs.
_NOT_LOGGED = {"livez", "readyz", "metrics"}

logger = logging.getLogger(__name__)


class CorrelationIdMiddleware:
    """Gives each request a random id, for logs and error page; logs and counts the request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the id until the answer is sent, and send it along in `X-Request-Id`.

        Django logs what went wrong after all middleware, and a long answer is made after it.
        """
        identifier, began = new_id(), time.monotonic()
        set_current(identifier)
        response = self.get_response(request)
        seconds = time.monotonic() - began
        name = request.resolver_match.view_name if request.resolver_match else "-"
        count_request(request.method, name, response.status_code, seconds)
        if name not in _NOT_LOGGED:
            # No address: it holds case numbers, and the tokens of links in mails.
            logger.info(
                "%s %s %d in %d ms",
                request.method,
                name,
                response.status_code,
                seconds * 1000,
            )
        response["X-Request-Id"] = identifier
        return response


@receiver(request_finished)
def lay_correlation_down(**_: Any) -> None:
    """Work under no id between requests."""
    set_current(NONE)


def clear_site_data(request: HttpRequest) -> None:
    """Have the browser give up all that it kept of the pages, with the answer to this request.

    For whoever leaves a browser that others may use. A browser can keep a page for its Back button
    although none may be stored. Cookies stay: the language, and the sessions beside the one that
    ends, are not of these pages.
    """
    request.META[_LEAVES] = True


class PrivacyHeadersMiddleware:
    """Keeps every page out of shared caches unless a view has said otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add `no-store`, resource policy and permissions policy to the answer.

        Once somebody has left, also what makes the browser forget.
        """
        response = self.get_response(request)
        if _LEAVES in request.META:
            response["Clear-Site-Data"] = '"cache", "storage"'
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"
        )
        return response


class CompressedPagesMiddleware(GZipMiddleware):
    """Compresses pages for browsers that take it; not what is downloaded, nor what is streamed.

    Django adds up to a hundred random bytes to each: whoever would learn from the length of a page
    whether what they had reflected in it stands there twice (BREACH) must ask a great many times.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress a page of HTML."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.streaming or not is_page:
            return response
        return super().process_response(request, response)


class NoNulMiddleware:
    """Refuses an address with a NUL, which no text that PostgreSQL stores can hold.

    The forms and the parser of JSON look for one themselves; addresses, filters and cookies go
    into queries from many places.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Raise `BadRequest` for such an address; leave such cookies out."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The address holds a NUL.")
        if any("\0" in value for value in request.COOKIES.values()):
            kept = {name: value for name, value in request.COOKIES.items() if "\0" not in value}
            request.COOKIES = kept
        return self.get_response(request)
