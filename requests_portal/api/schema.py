"""How the API describes itself: what every operation has in common is written here once."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema_serializer,
)
from rest_framework import serializers

from requests_portal.api.permissions import HasScope
from requests_portal.api.problems import MEDIA_TYPE
from workflows.accounts.models import TokenScope

_DESCRIPTIONS = {
    HTTPStatus.BAD_REQUEST: "Something about the request is not right; `errors` names the fields.",
    HTTPStatus.UNAUTHORIZED: "There is no token, or none that is known or lives still.",
    HTTPStatus.FORBIDDEN: "The token does not have the scope in `missing_scope`.",
    HTTPStatus.NOT_FOUND: "There is no such thing, or not for this caller.",
    HTTPStatus.CONFLICT: "This cannot be done now; `detail` says why.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of another media type.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The `Idempotency-Key` came before with another content.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many calls, or wrong receipts; wait for `Retry-After`.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The portal cannot answer now; wait for `Retry-After`.",
}
_WAIT = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_CHALLENGED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_HEADERS: dict[str, Any] = {
    "Retry-After": {
        "schema": {"type": "integer", "minimum": 1},
        "description": "How many seconds to wait.",
        "required": True,
    },
    "WWW-Authenticate": {"schema": {"type": "string"}, "required": True},
}


@extend_schema_serializer(component_name="Problem")
class ProblemSerializer(serializers.Serializer[None]):
    """Problem details (RFC 9457). `code` is stable, `detail` is for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField(min_value=400, max_value=599)
    code = serializers.CharField()
    detail = serializers.CharField()
    request_id = serializers.CharField(help_text="Finds the matching line in the logs.")
    errors = serializers.JSONField(  # type: ignore[assignment]  # a field, no attribute
        required=False, help_text="Sentences by field, in the shape of what was sent."
    )
    challenge = serializers.JSONField(
        required=False, help_text="Of altcha 2, to be solved by who files under load."
    )
    missing_scope = serializers.ChoiceField(choices=TokenScope.values, required=False)


def location_of(*statuses: HTTPStatus) -> OpenApiParameter:
    """Return the description of the header that says where what was made can be asked for."""
    return OpenApiParameter(
        "Location",
        {"type": "string", "format": "uri-reference"},
        OpenApiParameter.HEADER,
        response=[status.value for status in statuses],
    )


def problems(*statuses: HTTPStatus) -> dict[tuple[int, str], OpenApiResponse]:
    """Return the descriptions of refusals that an operation has besides those of all."""
    return {
        (status.value, MEDIA_TYPE): OpenApiResponse(ProblemSerializer, _DESCRIPTIONS[status])
        for status in statuses
    }


class PortalSchema(AutoSchema):
    """Adds the refusals that every operation of a kind has, and the bounds of lists of objects."""

    def _usual_problems(self) -> list[HTTPStatus]:
        statuses = [HTTPStatus.BAD_REQUEST, *_WAIT]
        if self.view.get_authenticators():
            statuses.append(HTTPStatus.UNAUTHORIZED)
        if HasScope in self.view.permission_classes:
            statuses.append(HTTPStatus.FORBIDDEN)
        if "{" in self.path:
            statuses.append(HTTPStatus.NOT_FOUND)
        if self.method in {"POST", "PATCH", "PUT"}:
            statuses.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            statuses.append(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return statuses

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for (status, media_type), described in problems(*self._usual_problems()).items():
            if str(status) not in bodies:
                bodies[str(status)] = self._get_response_for_code(
                    described, str(status), [media_type], direction
                )
        return dict(sorted(bodies.items()))

    def _get_response_headers_for_code(
        self, status_code: str, direction: Any = "response"
    ) -> dict[str, Any]:
        headers: dict[str, Any] = super()._get_response_headers_for_code(status_code, direction)
        if int(status_code) in _WAIT:
            headers["Retry-After"] = _HEADERS["Retry-After"]
        if int(status_code) in _CHALLENGED:
            headers["WWW-Authenticate"] = _HEADERS["WWW-Authenticate"]
        return headers

    def _map_serializer_field(self, field: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        described = super()._map_serializer_field(field, direction, *args, **kwargs)
        if isinstance(field, serializers.ListSerializer) and described:
            if not field.allow_empty:
                described["minItems"] = 1
            longest = getattr(field, "max_length", None)
            if longest is not None:
                described["maxItems"] = longest
        return described

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        described = super()._map_basic_serializer(serializer, direction)
        if direction == "response" and isinstance(serializer, serializers.ModelSerializer):
            # Each field is always told, also one that may be left out when it is sent.
            described["required"] = sorted(described["properties"])
        return described
