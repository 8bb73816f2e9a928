"""How often one caller may call the API, counted over all processes in the shared cache."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, ClassVar

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from workflows.accounts.models import PipelineToken
from workflows.accounts.regulators import RegulatorScope
from workflows.vault.blind_index import keyed_hash
from workflows.vault.cache import count_within

if TYPE_CHECKING:
    from rest_framework.views import APIView

    View = APIView
else:
    View = object

WINDOW_SECONDS = 60
# One household or office has a network of so many bits in IPv6, and all addresses in it.
_IPV6_NETWORK = 64


class WindowThrottle(BaseThrottle):
    """Base of the throttles: so many calls of a caller within one window."""

    setting: ClassVar[str]
    left: int = WINDOW_SECONDS

    def caller(self, request: Request) -> str | None:
        """Return who calls, or None where this throttle does not concern them."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the call, and return whether it is within the limit."""
        caller = self.caller(request)
        if caller is None:
            return True
        number, self.left = count_within(f"api.{self.setting}:{caller}", WINDOW_SECONDS)
        limit: int = getattr(settings, self.setting)
        return number <= limit

    def wait(self) -> float:
        """Return after how many seconds the window is over."""
        return self.left


class TokenThrottle(WindowThrottle):
    """Limits each pipeline, and each regulator with all of their programs."""

    setting = "API_CALLS_PER_MINUTE"

    def caller(self, request: Request) -> str | None:
        """Return the holder of the token."""
        if isinstance(request.auth, PipelineToken):
            return f"pipeline {request.auth.pk}"
        if isinstance(request.auth, RegulatorScope):
            return f"regulator {request.auth.account.pk}"
        return None


class AnonymousThrottle(WindowThrottle):
    """Limits everybody else for each network address, of which a keyed hash is counted.

    Who sends a receipt belongs here: a caller could make up another one for each call.
    """

    setting = "API_CALLS_PER_MINUTE_ANONYMOUS"

    def caller(self, request: Request) -> str | None:
        """Return what stands for the caller's network."""
        if isinstance(request.auth, PipelineToken | RegulatorScope):
            return None
        try:
            address = ip_address(get_adapter().get_client_ip(request))
        except (PermissionDenied, ValueError):
            return "unknown"
        known = str(address)
        if isinstance(address, IPv6Address):
            known = str(ip_network((address, _IPV6_NETWORK), strict=False))
        return keyed_hash("api.network", known.encode()).hex()


class Throttled(View):
    """Part of a view: counts a call before asking what the caller may do.

    So wrong tokens are counted as well, and calls for which a scope is missing.
    """

    def perform_authentication(self, request: Request) -> None:
        """Find out who calls; who cannot be told is counted as nobody known."""
        try:
            super().perform_authentication(request)
        except exceptions.AuthenticationFailed:
            super().check_throttles(request)
            raise

    def check_permissions(self, request: Request) -> None:
        """Count the call, then look at the permissions."""
        super().check_throttles(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        """Do nothing: it was done before the permissions."""
