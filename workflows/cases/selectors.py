"""Counts over all cases: for the queue of staff and for the metrics."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from workflows.cases.lifecycle import OPEN
from workflows.cases.models import Case, Clock

# Whether the clock that sets the date of a case stands still: the date moves on with each day.
IS_PAUSED = Exists(
    Clock.objects.filter(
        case=OuterRef("pk"), leads=True, due_at=OuterRef("due_at"), state=Clock.State.PAUSED
    )
)


def is_late() -> Q:
    """Match the cases whose time is over; a clock that stands still is not."""
    return Q(due_at__lte=timezone.now()) & ~Q(IS_PAUSED)


@dataclass(frozen=True, slots=True)
class OpenCases:
    """How many cases of a regime wait for an answer, and how many of these are late."""

    open: int = 0
    late: int = 0


def regimes_with_cases() -> list[str]:
    """Return the regimes that the provider tells of first, then others that lead a case."""
    others = Case.objects.order_by("regime").values_list("regime", flat=True).distinct()
    return list(dict.fromkeys([*settings.PROVIDER_REGIMES, *others]))


def open_by_regime() -> dict[str, OpenCases]:
    """Return the counts of each regime that is served, and of others that have open cases.

    A case counts under the regime that leads it.
    """
    found = dict.fromkeys(settings.PROVIDER_REGIMES, OpenCases())
    regimes = Case.objects.filter(state__in=OPEN).order_by().values("regime")
    counted = regimes.annotate(n=Count("pk"), late=Count("pk", filter=is_late()))
    for row in counted:
        found[row["regime"]] = OpenCases(row["n"], row["late"])
    return found
