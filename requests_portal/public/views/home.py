"""The start page, the choice of language, and the page on how requests are handled."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from requests_portal.public.rules_shown import shown_regime
from requests_portal.public.views.statistics import tables
from workflows.regimes.limits import limits_in_force
from workflows.regimes.services import get_regime
from workflows.statistics.small_counts import THRESHOLD


def choose_language(_request: HttpRequest) -> HttpResponse:
    """Lead from `/` to the start page in the language of the cookie or of the browser."""
    return redirect("home")


def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, and offer to file a request or to check one."""
    return render(request, "public/home.html")


def how(request: HttpRequest) -> HttpResponse:
    """Say how requests are handled, with the time limits and the way to complain, for each law."""
    served = limits_in_force(map(get_regime, settings.PROVIDER_REGIMES), timezone.now())
    regimes = [shown_regime(regime) for regime in served]
    names = {shown.code: shown.name for shown in regimes}
    latest = [(names[code], quarters[0]) for code, quarters in tables() if quarters]
    context = {"regimes": regimes, "latest": latest, "threshold": THRESHOLD}
    return render(request, "public/how.html", context)
