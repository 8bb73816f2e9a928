"""Errors of the API as problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from requests_portal.middleware import current_correlation_id
from workflows.cases.errors import AttemptReused, CaseError, InvalidFiling, UnknownReceipt

MEDIA_TYPE = "application/problem+json"


class MissingIdempotencyKey(exceptions.APIException):
    """A filing came without the header that makes it safe to repeat."""

    status_code = HTTPStatus.BAD_REQUEST
    default_detail = "Send an Idempotency-Key header: 8 to 200 printable characters of your choice."
    default_code = "idempotency_key_missing"


def problem(
    status: int, code: str, detail: str, *, errors: Any = None, headers: Any = None
) -> Response:
    """Return a problem-details answer; `code` is stable, `detail` is for people.

    `errors` maps a field to its sentences. `request_id` finds the matching line in the logs.
    """
    body: dict[str, Any] = {
        "type": f"about:blank#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": current_correlation_id(),
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=status, content_type=MEDIA_TYPE, headers=headers)


def problem_details(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn an exception of a view into problem details; None leaves it to Django (a 500)."""
    match error:
        case InvalidFiling():
            return problem(400, "invalid_request", str(error), errors=error.errors)
        case AttemptReused():
            return problem(422, "idempotency_key_reused", str(error))
        case UnknownReceipt() | Http404():
            return problem(404, "not_found", str(error) or "Nothing is here.")
        case CaseError():
            return problem(409, "refused", str(error))
        case PermissionDenied():
            return problem(403, "permission_denied", str(error) or "You may not do this.")
        case exceptions.ValidationError():
            return problem(
                400, "invalid_request", "Some fields are not right.", errors=error.detail
            )
        case exceptions.APIException():
            headers = {}
            if challenge := getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = challenge
            if wait := getattr(error, "wait", None):
                headers["Retry-After"] = str(int(wait) + 1)
            return problem(
                error.status_code, str(error.get_codes()), str(error.detail), headers=headers
            )
        case _:
            return None
