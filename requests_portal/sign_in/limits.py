"""How long a sign-in lasts, that it needs a second factor, and who asks for too many of them."""

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from requests_portal.sign_in.adapters import used_second_factor
from requests_portal.sign_in.own_sessions import BEGAN, BROWSER, SEEN, browser_of, is_over

GetResponse = Callable[[HttpRequest], HttpResponse]

# The last sight is written at most once in so many seconds, to spare the table of sessions.
SEEN_EVERY = 60
# Where someone may go who has no second factor yet: to sign in and out, and to set one up.
WITHOUT_SECOND_FACTOR = ("account_", "mfa_", "set_language")
# Where someone may go who has one and did not use it: another session of theirs set it up.
BEFORE_SECOND_FACTOR = ("account_login", "account_logout", "mfa_reauthenticate", "set_language")

logger = logging.getLogger(__name__)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer who asks a page of accounts too often; all limits that end here are of a minute."""
    response = render(request, "account/too_many_requests.html", status=429)
    response["Retry-After"] = "60"
    return response


class SignInLimitsMiddleware:
    """Ends a sign-in that was idle too long, or began too long ago, and logs both ends.

    The limits are `SESSION_IDLE_AGE` and `SESSION_COOKIE_AGE`, in seconds. Django's own expiry
    moves with each change of a session, so the beginning is kept in it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check the limits before the view; a visitor without a session costs nothing."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = time.time()
            session = request.session
            if BEGAN not in session:
                session[BEGAN] = session[SEEN] = now
                session[BROWSER] = browser_of(request)
                logger.info("Sign-in of account %s", request.user.pk)
            elif is_over(session, now):
                logger.info("Sign-in of account %s ended by its limit", request.user.pk)
                logout(request)
                messages.info(request, _("You were signed out because of the time that passed."))
            elif now - session[SEEN] > SEEN_EVERY:
                session[SEEN] = now
        return self.get_response(request)


class SecondFactorMiddleware:
    """When `MFA_REQUIRED`, sends an account without a second factor to set one up.

    And a session that began before the account had one is asked for it: what was opened with a
    password alone does not go on beside the factor.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Do nothing before the address is resolved."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Redirect from every page but those on which a second factor is set up, or used."""
        if not settings.MFA_REQUIRED or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        match = request.resolver_match
        name = "" if match is None or match.namespaces else match.url_name or ""
        if name.startswith(BEFORE_SECOND_FACTOR) or not request.user.is_authenticated:
            return None
        if is_mfa_enabled(request.user):
            if used_second_factor(request):
                return None
            method = get_adapter().get_reauthentication_methods(request.user)[0]
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{method['url']}?{query}")
        if name.startswith(WITHOUT_SECOND_FACTOR):
            return None
        messages.warning(request, _("Set up a second factor before you go on."))
        return HttpResponseRedirect(reverse("mfa_index"))
