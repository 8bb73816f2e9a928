"""How long the web waits for the database, and what it answers when the wait is over.

The server's own limits (`lock_timeout`, `statement_timeout`) end what is slow. A server that is
frozen, or gone without a word, keeps none of its limits: `bound_waits` ends the wait on our side.
Workers wait as long as it takes; their passes over data last for hours.
"""

from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from psycopg import errors

from requests_portal.sign_in.hashers import TooManyPasswords

# After the server should have ended a statement by itself.
_SPARE_SECONDS = 2


def bound_waits(connection: Any, **_: Any) -> None:
    """Have a new connection wait for each answer a little longer than a statement may take.

    Connected to the signal `connection_created`. The connection is closed with the wait, for nobody
    knows what the server still makes of it.
    """
    seconds = settings.WEB_STATEMENT_TIMEOUT
    if not settings.SERVES_REQUESTS or not seconds:
        return
    driver = connection.connection
    usual = driver.wait

    def wait(generator: Any, *arguments: Any, **named: Any) -> Any:
        named.setdefault("timeout", seconds + _SPARE_SECONDS)
        try:
            return usual(generator, *arguments, **named)
        except errors._WaitTimeout as error:  # noqa: SLF001 - what `Connection.wait` documents
            driver.close()
            raise psycopg.OperationalError("The database did not answer in time.") from error

    driver.wait = wait


def is_outage(error: BaseException | None) -> bool:
    """Say whether an error tells of a database that is away, overloaded, locked or too slow."""
    return isinstance(error, OperationalError | InterfaceError)


class OutageMiddleware:
    """Answers 503 where a view could not reach the database, or not in time.

    Also where more passwords are being checked than there is memory for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for an outage; leave every other error to Django."""
        from requests_portal.public.views.information import unavailable

        is_unavailable = is_outage(error) or isinstance(error, TooManyPasswords)
        return unavailable(request) if is_unavailable else None
