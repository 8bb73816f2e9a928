"""Who may use an operation of the API. A view that says nothing lets nobody in."""

from typing import TYPE_CHECKING, Any

from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    # The views of the framework load their default permission, which is in this module.
    from rest_framework.views import APIView

    from workflows.accounts.models import TokenScope


class DenyAll(BasePermission):
    """Refuses everybody: what holds for a view whose author has named no permission."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return False always."""
        return False


class HasToken(BasePermission):
    """Allows whoever sent a bearer token that the authentication has taken."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether there is one."""
        return request.auth is not None


class MissingScope(exceptions.PermissionDenied):
    """A token is known but was not made for this operation."""

    default_code = "missing_scope"

    def __init__(self, scope: "TokenScope") -> None:
        self.members = {"missing_scope": scope.value}
        self.auth_header = (
            f'Bearer realm="requests-portal", error="insufficient_scope", scope="{scope.value}"'
        )
        super().__init__(f"This token does not have the scope {scope.value}.")


class HasScope(BasePermission):
    """Allows a token that has the scope which the view names in `scope_of` for this operation."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether a token has it. Raises `MissingScope`, which names it."""
        token: Any = request.auth
        if token is None:
            return False
        scope: TokenScope | None = view.scope_of(request.method, view.kwargs)
        if scope is None:
            # What is not there at all is answered so (405), and not as if it were forbidden.
            return not hasattr(view, str(request.method).lower())
        if scope not in token.open_scopes:
            raise MissingScope(scope)
        return True
