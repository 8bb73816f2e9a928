"""What every template may know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the provider's name and the title of the portal."""
    return {"provider_name": settings.PROVIDER_NAME, "portal_title": settings.PORTAL_TITLE}
