"""What the theme of the admin needs from us: its style sheet, its colours, its security policy."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.utils.translation import gettext_noop

# What django-unfold 0.91 needs beyond the policy of the other pages, for the staff's pages only:
# - `unsafe-eval`: Alpine evaluates the expressions that stand in the attributes of its templates;
#   scripts still come from our own host only, and there is no inline script;
# - inline style attributes: Alpine writes the width of the bar of bulk actions into one. Style
#   elements stay forbidden: the theme's one for its colours is replaced by our style sheet.
STAFF_POLICY = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF],
    "style-src-attr": [UNSAFE_INLINE],
}


class StaffPolicyMiddleware:
    """Adds `STAFF_POLICY` to the Content-Security-Policy of the admin's pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and mark the answer when its address is one of the admin."""
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and "admin" in match.app_names:
            return csp_update(STAFF_POLICY)(lambda _request: response)(request)
        return response


def tokens(request: HttpRequest) -> str:
    """Return the address of the colours of all pages, which are the theme's as well."""
    return static("portal/tokens.css")


def style_sheet(request: HttpRequest) -> str:
    """Return the address of our style sheet."""
    return static("staff/staff.css")


def icon(request: HttpRequest) -> str:
    """Return the address of the portal's icon."""
    return static("portal/icon.svg")


def shared_context(request: HttpRequest) -> dict[str, Any]:
    """Take the theme's inline style of colours off every page: tokens.css has them."""
    return {"colors": None}


THEME_WORDS = (
    gettext_noop("Dark"),
    gettext_noop("Date"),
    gettext_noop("False"),
    gettext_noop("General"),
    gettext_noop("Go back"),
    gettext_noop("Light"),
    gettext_noop("No results found"),
    gettext_noop(
        "Raw passwords are not stored, so there is no way to see this user’s password, but you"
        ' can change the password using <a href="{}" class="text-primary-600'
        ' dark:text-primary-500">this form</a>.'
    ),
    gettext_noop("Reset filters"),
    gettext_noop("Run"),
    gettext_noop("Select action"),
    gettext_noop("Select action to run"),
    gettext_noop("Select all rows"),
    gettext_noop("Select record"),
    gettext_noop("Select value"),
    gettext_noop("System"),
    gettext_noop("This page yielded into no results. Create a new item or reset your filters."),
    gettext_noop("True"),
    gettext_noop("Type to search"),
    gettext_noop("You have been successfully logged out from the administration"),
)
