"""Middleware of all faces: correlation ids for the logs, and headers that keep pages private."""

import contextvars
import logging
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_correlation_id: contextvars.ContextVar[str] = contextvars.ContextVar("correlation_id", default="-")

_LEAVES = "requests_portal.leaves"

GetResponse = Callable[[HttpRequest], HttpResponse]


def current_correlation_id() -> str:
    """Return the id of the request that is being answered, or a hyphen outside of one."""
    return _correlation_id.get()


class CorrelationIdFilter(logging.Filter):
    """Adds the id of the current request or task to each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Set `record.correlation_id`; never drops a record."""
        record.correlation_id = _correlation_id.get()
        return True


class CorrelationIdMiddleware:
    """Gives each request a random id, for the logs and for the error page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the id for the time of the request and send it back in `X-Request-Id`."""
        identifier = uuid.uuid4().hex
        token = _correlation_id.set(identifier)
        try:
            response = self.get_response(request)
        finally:
            _correlation_id.reset(token)
        response["X-Request-Id"] = identifier
        return response


def leave_nothing(request: HttpRequest) -> None:
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
