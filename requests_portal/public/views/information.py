"""What everybody may read: start, how requests are handled, figures, and pages of errors."""

import sys
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from requests_portal.api.problems import concerns_api, problem
from requests_portal.database import is_outage
from requests_portal.presentation.applicability import laws_found
from requests_portal.presentation.deadlines import shown_regime
from requests_portal.presentation.responses import download
from workflows.cases.applicable_law import laws_for
from workflows.cases.filing_request import is_residence
from workflows.cases.selectors import regimes_with_cases
from workflows.oversight.filters import zone_of
from workflows.regimes.limits import rules_in_force
from workflows.regimes.services import get_regime
from workflows.statistics.published import THRESHOLD, Quarter, as_csv, past_quarters
from workflows.vocabulary import places

# Counting goes over many cases, and a past quarter moves slowly.
KEPT_SECONDS = 900
KEPT_UNDER = "public.statistics"


# What a browser or program is asked to wait when the portal cannot answer.
RETRY_AFTER_SECONDS = 30
# A form that holds one of these is not written into a page again.
_SECRETS = ("password", "code", "receipt", "secret", "credential", "token")
# Worth nothing without its cookie.
_CSRF_FIELD = "csrfmiddlewaretoken"
_LONGEST_KEPT = 200_000


def tables() -> list[tuple[str, Sequence[Quarter]]]:
    """Return the past quarters of each law with cases; counted anew after a while."""
    cache = caches["process"]
    found: list[tuple[str, Sequence[Quarter]]] | None = cache.get(KEPT_UNDER)
    if found is None:
        found = [
            (code, past_quarters(code, timezone.localdate(timezone=ZoneInfo(zone_of(code)))))
            for code in regimes_with_cases()
        ]
        cache.set(KEPT_UNDER, found, KEPT_SECONDS)
    return found


@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """Show the past quarters of each law that is served."""
    language = get_language() or ""
    context = {
        "tables": [
            (get_regime(code).name.in_language(language), quarters) for code, quarters in tables()
        ],
        "threshold": THRESHOLD,
    }
    return render(request, "public/statistics.html", context)


@require_safe
def statistics_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the same figures as a file."""
    return download([as_csv(tables()).encode()], "statistics.csv", "text/csv; charset=utf-8")


def choose_language(_request: HttpRequest) -> HttpResponse:
    """Lead from `/` to the start page in the language of the cookie or of the browser."""
    return redirect("home")


def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, and offer to file a request or to check one."""
    return render(request, "public/home.html")


def how(request: HttpRequest) -> HttpResponse:
    """Say how requests are handled, with the time limits and the way to complain, for each law.

    For somebody who says where they live, it is the laws that apply to them, with why.
    """
    residence = request.GET.get("residence", "")
    laws = laws_for(residence, ()) if is_residence(residence) else None
    served = map(get_regime, settings.PROVIDER_REGIMES)
    shown = laws.regimes if laws else rules_in_force(served, timezone.now())
    regimes = [shown_regime(regime, residence) for regime in shown]
    language = get_language() or ""
    latest = [
        (get_regime(code).name.in_language(language), quarters[0])
        for code, quarters in tables()
        if quarters
    ]
    context = {
        "regimes": regimes,
        "latest": latest,
        "threshold": THRESHOLD,
        "residence": residence,
        "places": places.countries_and_parts(),
        "applicability": laws_found(laws, residence) if laws else None,
    }
    return render(request, "public/how.html", context)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that could not be understood, often before its language was looked at."""
    if concerns_api(request):
        return problem(400, "bad_request", "The request cannot be understood.")
    with translation.override(translation.get_language_from_request(request, check_path=True)):
        return render(request, "errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer somebody who may not see a page."""
    if concerns_api(request):
        return problem(403, "permission_denied", "You do not have permission to do this.")
    return render(request, "errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is none, or is none any more.

    What was typed on a page of ours is kept on this one, so that one button sends it again with a
    new token. What another site sent is not offered to be sent.
    """
    own = {*settings.CSRF_TRUSTED_ORIGINS, f"{request.scheme}://{request.get_host()}"}
    typed = _typed(request) if request.headers.get("Origin") in own else []
    context = {"typed": [(name, value) for name, value in typed if name != _CSRF_FIELD]}
    return render(request, "errors/csrf.html", context, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address that does not exist."""
    if concerns_api(request):
        return problem(404, "not_found", "There is nothing at this address.")
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when something broke: nothing of it is shown, and no database is needed.

    Also where the database was away already before a view was called, as for the session.
    """
    if is_outage(sys.exception()):
        return unavailable(request)
    response: HttpResponse
    if concerns_api(request):
        response = problem(500, "server_error", "Something broke. Tell us the request_id.")
    else:
        response = render(request, "errors/500.html", status=500)
    response["Retry-After"] = "120"
    return response


def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer while the database is away or does not keep up; needs neither it nor a session.

    The page holds what was typed, so that one button sends it again.
    """
    if hasattr(request, "session"):
        # Saving it would only wait for the database once more.
        request.session.modified = False
    response: HttpResponse
    if concerns_api(request):
        response = problem(503, "unavailable", "Try again after the time in Retry-After.")
    else:
        context = {"posted": request.method == "POST", "typed": _typed(request)}
        response = render(request, "errors/503.html", context, status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields of a form as they were sent; none where they cannot all be sent again."""
    if request.method != "POST":
        return []
    try:
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
        files = bool(request.FILES)
    except (RequestDataTooBig, SuspiciousOperation, MultiPartParserError, UnreadablePostError):
        return []
    names = [name.lower() for name, _value in fields if name != _CSRF_FIELD]
    secret = any(word in name for name in names for word in _SECRETS)
    if files or secret or sum(len(value) for _name, value in fields) > _LONGEST_KEPT:
        return []
    return fields
