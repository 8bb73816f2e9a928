"""Where somebody is signed in, and an end to it."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from requests_portal.models import Session
from requests_portal.sign_in.session_store import stored_key

# What a session of an account holds about itself.
BEGAN = "sign_in_began"
SEEN = "sign_in_seen"
BROWSER = "sign_in_browser"

# The first that a browser names itself by; most claim to be several others as well.
_BROWSERS = {
    "MicroMessenger": "WeChat",
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "HarmonyOS": "HarmonyOS",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}

Held = dict[str, Any] | SessionBase

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SignIn:
    """A session in which an account is signed in, as its owner sees it."""

    key: str
    began: datetime
    seen: datetime
    browser: str
    is_current: bool

    @classmethod
    def of(cls, row: Session, held: Held, current: str) -> Self:
        """Return what a session says about itself."""
        began, seen = (datetime.fromtimestamp(held[name], tz=UTC) for name in (BEGAN, SEEN))
        return cls(row.pk, began, seen, held.get(BROWSER, ""), row.pk == current)


def browser_of(request: HttpRequest) -> str:
    """Return the browser and its system by name, without versions; an empty text if unknown."""
    agent = request.headers.get("User-Agent", "")
    found = [
        next((name for mark, name in names.items() if mark in agent), "")
        for names in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in found if name)


def is_over(held: Held, now: float) -> bool:
    """Return whether a sign-in was idle too long, or began too long ago."""
    idle, age = now - held[SEEN], now - held[BEGAN]
    return bool(idle > settings.SESSION_IDLE_AGE or age > settings.SESSION_COOKIE_AGE)


def sign_ins_of(request: HttpRequest) -> list[SignIn]:
    """Return where the account of a request is signed in: here first, then the newest use."""
    user = cast("User", request.user)  # the caller has looked
    now, current = timezone.now(), _current(request)
    rows = Session.objects.filter(account=user, expire_date__gt=now)
    found = []
    for row in rows:
        # What this page itself was told about the session is not in its row yet.
        held = request.session if row.pk == current else row.get_decoded()
        # A new password has ended the others, which only nobody has noticed yet.
        valid = constant_time_compare(held.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        if valid and BEGAN in held and not is_over(held, now.timestamp()):
            found.append(SignIn.of(row, held, current))
    return sorted(found, key=lambda one: (one.is_current, one.seen), reverse=True)


def end_other_sign_ins(request: HttpRequest, key: str = "") -> int:
    """End one other session of an account, or all others; return how many. It works at once."""
    others = Session.objects.filter(account_id=request.user.pk).exclude(pk=_current(request))
    if key:
        others = others.filter(pk=key)
    ended = others.delete()[0]
    logger.info("Account %s ended %s of its other sign-ins", request.user.pk, ended)
    return ended


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Show where somebody is signed in, or end what they press."""
    if request.method == "POST":
        if end_other_sign_ins(request, request.POST.get("session", "")):
            messages.success(request, _("Signed out there."))
        return redirect("account_sessions")
    return render(request, "account/sessions.html", {"sign_ins": sign_ins_of(request)})


def _current(request: HttpRequest) -> str:
    return stored_key(request.session.session_key or "")
