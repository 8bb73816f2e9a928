"""What became of the requests of past quarters, for everybody."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from requests_portal.public.responses import download
from workflows.oversight.filters import zone_of
from workflows.regimes.services import get_regime
from workflows.statistics.published import Quarter, as_csv, past_quarters
from workflows.statistics.small_counts import THRESHOLD

# Counting goes over many cases, and a past quarter moves slowly.
KEPT_SECONDS = 900
KEPT_UNDER = "public.statistics"


def tables() -> list[tuple[str, Sequence[Quarter]]]:
    """Return the past quarters of each regime that is served; counted anew after a while."""
    cache = caches["process"]
    found: list[tuple[str, Sequence[Quarter]]] | None = cache.get(KEPT_UNDER)
    if found is None:
        found = [
            (code, past_quarters(code, timezone.localdate(timezone=ZoneInfo(zone_of(code)))))
            for code in settings.PROVIDER_REGIMES
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
