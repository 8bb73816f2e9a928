"""What the server needs of Django beside the application: the page that says "not now", and warmth.

To be imported when Django is set up.
"""

import io
from collections.abc import Callable, Iterable
from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import get_resolver
from django.utils.translation import override

from requests_portal.presentation.middleware import (
    CorrelationIdMiddleware,
    PrivacyHeadersMiddleware,
)
from requests_portal.public.views.information import unavailable


def _with_headers() -> Callable[[HttpRequest], HttpResponseBase]:
    """Return a view that says "not now" under the headers of every page, and asks no database."""
    handler: Any = unavailable
    for layer in (
        PrivacyHeadersMiddleware,
        LocaleMiddleware,
        CSPMiddleware,
        SecurityMiddleware,
        CorrelationIdMiddleware,
    ):
        handler = layer(handler)
    page: Callable[[HttpRequest], HttpResponseBase] = handler
    return page


_unavailable = _with_headers()


def service_unavailable(
    environ: dict[str, Any], start_response: Callable[..., object]
) -> Iterable[bytes]:
    """Answer, as a WSGI application, a request for which no thread is free."""
    response = _unavailable(WSGIRequest(environ))
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [bytes(part) for part in response]


def warm_up() -> None:
    """Load what Django loads with the first request, which need not wait for it."""
    get_resolver().url_patterns  # noqa: B018 - a property that imports all views
    request = WSGIRequest({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": io.BytesIO()})
    for language, _name in settings.LANGUAGES:
        with override(language):
            unavailable(request)
