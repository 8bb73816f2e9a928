"""Counts of what became of requests, for one regime: the figures that laws ask to report.

A case counts as complied with in whole when something was granted and nothing refused, in part
when both, as denied when something was refused and nothing granted or when it was rejected as
abuse, and as nothing held when neither was. An item counts by its own outcome. Days run from
receipt to the latest answer. A contested case counts as answered and as open again.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    Aggregate,
    Avg,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncMonth, TruncQuarter

from workflows.cases.lifecycle import OPEN, State
from workflows.cases.models import Case, Item
from workflows.cases.vocabulary import WITHOUT_GRANT, Outcome
from workflows.regimes.services import get_regime
from workflows.reports.bundle_filters import BundleFilters, zone_of
from workflows.reports.scope import RegulatorScope
from workflows.reports.selectors import late_clocks, visible_cases

ABUSE = "abuse"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of receipt in the regime's time zone, both included; None is open."""

    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of cases or items received in a period, and the days it took to answer them."""

    received: int
    answered: int
    whole: int
    part: int
    denied: int
    nothing_held: int
    ended: int
    open: int
    late: int
    mean_days: float | None
    median_days: float | None


@dataclass(frozen=True, slots=True)
class Denial:
    """How often one ground was given for a refusal; `text` is in both languages if known."""

    ground: str
    text: Any
    count: int


class Median(Aggregate):
    """The median of a duration."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def figures(scope: RegulatorScope, period: Period) -> Figures:
    """Return the figures of all cases received in the period."""
    return _figures(_cases(visible_cases(scope), scope.regime, period).aggregate(**_CASE_FIGURES))


def by_month(scope: RegulatorScope, period: Period) -> list[tuple[date, Figures]]:
    """Return the figures of cases by month of receipt, the earliest first; no empty months."""
    zone = ZoneInfo(zone_of(scope.regime))
    # The plugin of the type checker does not follow annotations past `values`.
    months: Any = _cases(visible_cases(scope), scope.regime, period).annotate(
        month=TruncMonth("filed_at", tzinfo=zone)
    )
    rows = months.values("month").annotate(**_CASE_FIGURES).order_by("month")
    return [(row.pop("month").date(), _figures(row)) for row in rows]


def by_kind(scope: RegulatorScope, period: Period) -> list[tuple[str, Figures]]:
    """Return the figures of items by their kind, the most frequent first."""
    cases = _cases(visible_cases(scope), scope.regime, period).filter(pk=OuterRef("case_id"))
    late = late_clocks(scope.regime, case="case_id")
    items: Any = Item.objects.filter(Exists(cases)).annotate(late=late).order_by()
    rows = items.values("kind").annotate(**_ITEM_FIGURES).order_by("-received", "kind")
    return [(row.pop("kind"), _figures(row)) for row in rows]


def denials(scope: RegulatorScope, period: Period) -> list[Denial]:
    """Return how often each ground was given for refusing an item, the most frequent first.

    Rejections as abuse stand among them under `ABUSE`, counted by case.
    """
    cases = _cases(visible_cases(scope), scope.regime, period)
    refused = Item.objects.filter(
        case__in=cases.filter(answered_at__isnull=False), outcome=Outcome.REFUSED
    )
    grounds = get_regime(scope.regime).grounds
    found = [
        Denial(code, grounds[code].text if code in grounds else None, count)
        for code, count in refused.order_by().values_list("ground").annotate(Count("pk"))
    ]
    abuse = cases.filter(state=State.REJECTED_AS_ABUSE).count()
    if abuse:
        found.append(Denial(ABUSE, None, abuse))
    return sorted(found, key=lambda denial: (-denial.count, denial.ground))


def by_quarter(regime: str, period: Period) -> list[tuple[date, Figures]]:
    """Return the figures of a regime's cases by quarter of receipt, each named by its first day.

    For the public page, which knows no scope: nothing of a single case comes out.
    """
    zone = ZoneInfo(zone_of(regime))
    of_regime = Case.objects.filter(regimes__contains=[regime])
    quarters: Any = _cases(of_regime, regime, period).annotate(
        quarter=TruncQuarter("filed_at", tzinfo=zone)
    )
    rows = quarters.values("quarter").annotate(**_CASE_FIGURES).order_by("quarter")
    return [(row.pop("quarter").date(), _figures(row)) for row in rows]


def _cases(cases: QuerySet[Case], regime: str, period: Period) -> QuerySet[Case]:
    filters = BundleFilters(since=period.since, until=period.until)
    items = Item.objects.filter(case=OuterRef("pk"))
    return (
        filters.narrow(cases, zone_of(regime))
        .order_by()
        .annotate(
            granted=Exists(items.exclude(outcome__in=("", *WITHOUT_GRANT))),
            refused=Exists(items.filter(outcome=Outcome.REFUSED)),
            late=late_clocks(regime),
        )
    )


_CASE_ANSWERED = Q(answered_at__isnull=False)
_CASE_DAYS = ExpressionWrapper(F("answered_at") - F("filed_at"), output_field=DurationField())
_CASE_FIGURES = {
    "received": Count("pk"),
    "answered": Count("pk", filter=_CASE_ANSWERED),
    "whole": Count("pk", filter=_CASE_ANSWERED & Q(granted=True, refused=False)),
    "part": Count("pk", filter=_CASE_ANSWERED & Q(granted=True, refused=True)),
    "denied": Count(
        "pk",
        filter=_CASE_ANSWERED & Q(granted=False, refused=True) | Q(state=State.REJECTED_AS_ABUSE),
    ),
    "nothing_held": Count("pk", filter=_CASE_ANSWERED & Q(granted=False, refused=False)),
    "ended": Count("pk", filter=Q(state__in=(State.WITHDRAWN, State.EXPIRED, State.MERGED))),
    "open": Count("pk", filter=Q(state__in=OPEN)),
    "late_count": Count("pk", filter=Q(late=True)),
    "mean": Avg(_CASE_DAYS),
    "median": Median(_CASE_DAYS),
}

_ITEM_ANSWERED = Q(case__answered_at__isnull=False)
_ITEM_ABUSE = Q(case__state=State.REJECTED_AS_ABUSE)
_ITEM_DAYS = ExpressionWrapper(
    F("case__answered_at") - F("case__filed_at"), output_field=DurationField()
)
_ITEM_FIGURES = {
    "received": Count("pk"),
    "answered": Count("pk", filter=_ITEM_ANSWERED),
    "whole": Count("pk", filter=_ITEM_ANSWERED & ~Q(outcome__in=("", *WITHOUT_GRANT))),
    "denied": Count("pk", filter=_ITEM_ANSWERED & Q(outcome=Outcome.REFUSED) | _ITEM_ABUSE),
    "nothing_held": Count(
        "pk",
        filter=_ITEM_ANSWERED & Q(outcome__in=(Outcome.NOT_HELD, Outcome.NOT_IDENTIFIABLE)),
    ),
    "ended": Count("pk", filter=Q(case__state__in=(State.WITHDRAWN, State.EXPIRED, State.MERGED))),
    "open": Count("pk", filter=Q(case__state__in=OPEN)),
    "late_count": Count("pk", filter=Q(late=True)),
    "mean": Avg(_ITEM_DAYS),
    "median": Median(_ITEM_DAYS),
}


def _figures(row: dict[str, Any]) -> Figures:
    mean, median, late = row.pop("mean"), row.pop("median"), row.pop("late_count")
    return Figures(**{"part": 0, **row}, late=late, mean_days=days(mean), median_days=days(median))


def days(length: timedelta | None) -> float | None:
    """Return a length of time in days, to one decimal."""
    return None if length is None else round(length / timedelta(days=1), 1)
