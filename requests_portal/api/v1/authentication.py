"""Who calls: a requester with the receipt of one case, a regulator or a pipeline with a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request
from rest_framework.views import APIView

from requests_portal.api.permissions import HasScope
from requests_portal.api.schema import PortalSchema
from requests_portal.api.throttles import Throttled
from workflows.accounts.actors import Actor
from workflows.accounts.models import PipelineToken, TokenScope
from workflows.accounts.pipelines import NoPipelineAccess, actor_of, pipeline_for_token
from workflows.accounts.regulators import (
    NoRegulatorAccess,
    RegulatorScope,
    account_for_token,
    scope_of,
)


@dataclass(frozen=True, slots=True)
class BearerUser:
    """The caller as Django REST framework wants one; it is no account of ours."""

    is_authenticated: bool = True
    is_active: bool = True


def bearer_token(request: Request) -> str:
    """Return the bearer token of a request, or an empty text; a malformed header is refused."""
    parts = get_authorization_header(request).split()
    if not parts or parts[0].lower() != b"bearer":
        return ""
    try:
        (_scheme, token) = parts
        return token.decode("ascii")
    except (ValueError, UnicodeDecodeError):
        raise exceptions.AuthenticationFailed(
            "Send one bearer token, in ASCII and without spaces."
        ) from None


class BearerAuthentication(BaseAuthentication):
    """Takes a bearer token as it is; the view decides what it opens."""

    def authenticate(self, request: Request) -> tuple[BearerUser, Any] | None:
        """Return the token as `request.auth`, or None when there is none."""
        token = bearer_token(request)
        return (BearerUser(), token) if token else None

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge for a 401."""
        return 'Bearer realm="requests-portal"'


class RegulatorTokenAuthentication(BearerAuthentication):
    """Takes the token of a regulator's account that has not expired."""

    def authenticate(self, request: Request) -> tuple[BearerUser, RegulatorScope] | None:
        """Return the regulator's scope as `request.auth`; a wrong token is refused."""
        token = bearer_token(request)
        if not token:
            return None
        try:
            return BearerUser(), scope_of(account_for_token(token))
        except NoRegulatorAccess as error:
            raise exceptions.AuthenticationFailed(str(error)) from error


class PipelineTokenAuthentication(BearerAuthentication):
    """Takes the token of one of the provider's own programs that has not expired."""

    def authenticate(self, request: Request) -> tuple[BearerUser, PipelineToken] | None:
        """Return the pipeline as `request.auth`; a wrong token is refused."""
        token = bearer_token(request)
        if not token:
            return None
        try:
            return BearerUser(), pipeline_for_token(token)
        except NoPipelineAccess as error:
            raise exceptions.AuthenticationFailed(str(error)) from error


class BearerScheme(OpenApiAuthenticationExtension):
    """Describes the requester's bearer token in the schema."""

    target_class = BearerAuthentication
    name = "receipt"
    description = "The receipt that was told when the request was filed."

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer", "description": self.description}


class RegulatorTokenScheme(BearerScheme):
    """Describes the regulator's token in the schema."""

    target_class = RegulatorTokenAuthentication
    name = "regulator"
    description = "The token of a regulator's account."


class PipelineTokenScheme(BearerScheme):
    """Describes the pipeline's token in the schema."""

    target_class = PipelineTokenAuthentication
    name = "pipeline"
    description = (
        "The token of a pipeline or gateway of the provider. It opens what its scopes name: "
        + ", ".join(f"`{scope}`" for scope in TokenScope.values)
        + ". Anything else is refused with 403 and the name of the missing scope."
    )

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        """Return the scheme with the scope of the operation."""
        view: Any = auto_schema.view
        scope = view.scope_of(auto_schema.method, {})
        return {self.name: [scope.value] if scope else []}


class PipelineSchema(PortalSchema):
    """Describes an operation with the scope that it needs."""

    def get_description(self) -> str:  # type: ignore[override]  # the stubs know an older parent
        """Return what the operation does, and its scope."""
        described = super().get_description()
        view: Any = self.view
        scope = view.scope_of(self.method, {})
        return f"{described}\n\nNeeds the scope `{scope.value}`."


class PipelineView(Throttled, APIView):
    """Base of the views for pipelines: a token that a data steward issued, with a scope.

    `scopes` names the scope of each method; a method without one is closed to everybody.
    """

    authentication_classes = [PipelineTokenAuthentication]
    permission_classes = [HasScope]
    schema = PipelineSchema()
    scopes: ClassVar[Mapping[str, TokenScope]] = {}

    def scope_of(self, method: str, kwargs: Mapping[str, Any]) -> TokenScope | None:
        """Return the scope that a method needs, or None where there is no such method."""
        return self.scopes.get("GET" if method == "HEAD" else method)


def pipeline_actor(request: Request) -> Actor:
    """Return who acts, by the token that `PipelineTokenAuthentication` has taken."""
    assert isinstance(request.auth, PipelineToken)
    return actor_of(request.auth)
