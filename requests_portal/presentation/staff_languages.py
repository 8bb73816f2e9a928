"""The languages of the pages of staff and regulators, which are fewer than those of the public.

A page in which only some sentences are translated is harder to read than one in English.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, translate_url
from django.utils.translation import activate, get_language, get_language_info

# Of the addresses under /accounts/.
_ACCOUNT_PAGES = ("account_", "mfa_")


def languages_of(match: ResolverMatch | None) -> Sequence[tuple[str, str]]:
    """Return code and name of each language in which a page can be read."""
    is_of_staff = match is not None and (
        "admin" in match.app_names
        or "regulators" in match.namespaces
        or (match.url_name or "").startswith(_ACCOUNT_PAGES)
    )
    return settings.STAFF_LANGUAGES if is_of_staff else settings.LANGUAGES


def menu(_request: HttpRequest) -> list[Mapping[str, Any]]:
    """Return the languages for the menu of the staff's area."""
    return [get_language_info(code) for code, _name in settings.STAFF_LANGUAGES]


class StaffLanguageMiddleware:
    """Shows pages of staff and regulators in English where they have no other words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; what there is to do is done when it is known which page is asked for."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, _kwargs: object
    ) -> HttpResponseRedirect | None:
        """Turn to English; the address of a page that carries a language leads to the English."""
        match, here = request.resolver_match, request.get_full_path()
        if get_language() in dict(languages_of(match)):
            return None
        address = (
            translate_url(here, "en") if match and match.namespaces == ["regulators"] else here
        )
        activate("en")
        request.LANGUAGE_CODE = "en"
        return None if address == here else HttpResponseRedirect(address)
