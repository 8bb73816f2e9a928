"""Errors of the API as problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions

from requests_portal.api.bounds import first_errors
from workflows.cases.admission import ProofNeeded
from workflows.cases.errors import AttemptReused, InvalidFiling, TooManyAttempts, UnknownReceipt
from workflows.cases.idempotency import LONGEST_KEY, SHORTEST_KEY
from workflows.common.errors import DomainError, InvalidEntry, InvalidInput
from workflows.outbox.correlation import current_id

MEDIA_TYPE = "application/problem+json"


class MissingIdempotencyKey(exceptions.APIException):
    """A call came without the header that makes it safe to repeat."""

    status_code = HTTPStatus.BAD_REQUEST
    default_detail = "Send an Idempotency-Key header, so that you can repeat the call safely."
    default_code = "idempotency_key_missing"


class GuessableIdempotencyKey(exceptions.APIException):
    """A caller without a token sent a key that somebody else may use or guess."""

    status_code = HTTPStatus.BAD_REQUEST
    default_detail = (
        "Who knows this key and the content can ask for the receipt. Make a random Idempotency-Key "
        f"for each request: a UUID (version 4), or {SHORTEST_KEY} to {LONGEST_KEY} random letters, "
        "digits, hyphens and underscores."
    )
    default_code = "idempotency_key_guessable"


class InvalidIdempotencyKey(exceptions.APIException):
    """A caller with a token sent a key that cannot be kept."""

    status_code = HTTPStatus.BAD_REQUEST
    default_detail = f"An Idempotency-Key has 1 to {LONGEST_KEY} printable ASCII characters."
    default_code = "idempotency_key_invalid"


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Any = None,
    headers: Any = None,
    members: Mapping[str, Any] | None = None,
) -> JsonResponse:
    """Return a problem-details answer, whatever the caller accepts and whether or not a view runs.

    `code` is stable, `detail` is for people.

    `errors` maps a field to its sentences. `request_id` finds the matching line in the logs.
    `members` are further ones that say more to a program.
    """
    body: dict[str, Any] = {
        "type": f"about:blank#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": current_id(),
    }
    body |= members or {}
    if errors:
        body["errors"], left_out = first_errors(errors)
        if left_out:
            body["detail"] += f" {left_out} more are not named here."
    return JsonResponse(
        body,
        status=status,
        content_type=MEDIA_TYPE,
        headers=headers,
        json_dumps_params={"ensure_ascii": False},
    )


def concerns_api(request: HttpRequest) -> bool:
    """Return whether a request is for the API, so that its errors are problem details."""
    return request.path_info.startswith("/api/")


# The first entry that fits decides; `DomainError` is the base of the domain's errors.
_DOMAIN: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (InvalidFiling, HTTPStatus.BAD_REQUEST, "invalid_request"),
    (InvalidEntry, HTTPStatus.BAD_REQUEST, "invalid_request"),
    (InvalidInput, HTTPStatus.BAD_REQUEST, "invalid_request"),
    (AttemptReused, HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
    (UnknownReceipt, HTTPStatus.NOT_FOUND, "not_found"),
    (TooManyAttempts, HTTPStatus.TOO_MANY_REQUESTS, "too_many_attempts"),
    (ProofNeeded, HTTPStatus.TOO_MANY_REQUESTS, "proof_of_work_needed"),
    (DomainError, HTTPStatus.CONFLICT, "refused"),
    (Http404, HTTPStatus.NOT_FOUND, "not_found"),
    (PermissionDenied, HTTPStatus.FORBIDDEN, "permission_denied"),
    (RequestDataTooBig, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large"),
)


def problem_details(error: Exception, context: Mapping[str, Any]) -> JsonResponse | None:
    """Turn an exception of a view into problem details; None leaves it to Django (a 500)."""
    if isinstance(error, exceptions.APIException):
        return _api_problem(error)
    for kind, status, code in _DOMAIN:
        if isinstance(error, kind):
            wait = getattr(error, "wait", None)
            return problem(
                status,
                code,
                str(error) or status.phrase,
                errors=getattr(error, "errors", None),
                headers={"Retry-After": str(int(wait.total_seconds()) + 1)} if wait else None,
                members=getattr(error, "members", None),
            )
    return None


def _api_problem(error: exceptions.APIException) -> JsonResponse:
    """Turn what REST framework itself refuses into problem details."""
    if isinstance(error, exceptions.ValidationError):
        return problem(
            error.status_code,
            "invalid_request",
            "Some fields are not right.",
            errors=error.detail,
        )
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(ceil(wait))
    return problem(
        error.status_code,
        str(error.get_codes()),
        str(error.detail),
        headers=headers,
        members=getattr(error, "members", None),
    )
