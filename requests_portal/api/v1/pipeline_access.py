"""Views for the provider's own programs, which act as data stewards within their scopes."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from requests_portal.api.permissions import HasScope
from requests_portal.api.schema import PortalSchema
from requests_portal.api.throttles import Throttled
from requests_portal.api.v1.authentication import PipelineTokenAuthentication
from workflows.accounts.actors import Actor
from workflows.accounts.models import PipelineToken, TokenScope
from workflows.accounts.pipelines import actor_of


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
