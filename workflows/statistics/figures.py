"""Counts of what became of requests, for one regime: the figures that laws ask to report.

What a case counts as, `counting` says; `counts_as` here says it in SQL. A case that counts as one
of what an answer can be counts as answered, too. An item counts by its own outcome. Days run from
receipt to the latest answer, as long as it stands.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
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
    Value,
    When,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import TruncMonth, TruncQuarter

from workflows.accounts.regulators import RegulatorScope
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Item
from workflows.oversight.filters import BundleFilters, zone_of
from workflows.oversight.selectors import late_clocks, visible_cases
from workflows.regimes.services import get_regime
from workflows.statistics.counting import ABUSE, ANSWERED, DECIDED, ENDED, CountsAs
from workflows.vocabulary.outcomes import NOT_GRANTED, Outcome

# What `outcomes.grants` says of an item, in SQL; and what refuses.
_GRANTED = ~Q(outcome__in=("", *sorted(NOT_GRANTED)))
_REFUSED = Q(outcome=Outcome.REFUSED)
# The person has an answer which stands.
_TOLD = {"state__in": ANSWERED, "answered_at__isnull": False}


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
    return _figures(_cases(visible_cases(scope), scope.regime, period).aggregate(**_FIGURES))


def by_month(scope: RegulatorScope, period: Period) -> list[tuple[date, Figures]]:
    """Return the figures of cases by month of receipt, the earliest first; no empty months."""
    zone = ZoneInfo(zone_of(scope.regime))
    # The plugin of the type checker does not follow annotations past `values`.
    months: Any = _cases(visible_cases(scope), scope.regime, period).annotate(
        month=TruncMonth("filed_at", tzinfo=zone)
    )
    rows = months.values("month").annotate(**_FIGURES).order_by("month")
    return [(row.pop("month").date(), _figures(row)) for row in rows]


def by_kind(scope: RegulatorScope, period: Period) -> list[tuple[str, Figures]]:
    """Return the figures of items by their kind, the most frequent first."""
    cases = _cases(visible_cases(scope), scope.regime, period).filter(pk=OuterRef("case_id"))
    items: Any = (
        Item.objects.filter(Exists(cases))
        .annotate(
            late=late_clocks(scope.regime, case="case_id"),
            counts_as=counts_as(_GRANTED, _REFUSED, "case__"),
            days=_days_to_answer("case__"),
        )
        .order_by()
    )
    rows = items.values("kind").annotate(**_FIGURES).order_by("-received", "kind")
    return [(row.pop("kind"), _figures(row)) for row in rows]


def denials(scope: RegulatorScope, period: Period) -> list[Denial]:
    """Return how often each ground was given for refusing an item, the most frequent first.

    Rejections as abuse stand among them under `ABUSE`, counted by case.
    """
    cases = _cases(visible_cases(scope), scope.regime, period)
    told = cases.filter(**_TOLD)
    refused = Item.objects.filter(_REFUSED, case__in=told.values("pk"))
    grounds = get_regime(scope.regime).grounds
    counted: Counter[str] = Counter()
    rows = refused.order_by().values_list("case__regime", "ground", "other_grounds")
    for lead, ground, others, count in rows.annotate(Count("pk")):
        counted[ground if lead == scope.regime else others.get(scope.regime, "")] += count
    found = [
        Denial(code, grounds[code].text if code in grounds else None, count)
        for code, count in counted.items()
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
    rows = quarters.values("quarter").annotate(**_FIGURES).order_by("quarter")
    return [(row.pop("quarter").date(), _figures(row)) for row in rows]


def _cases(cases: QuerySet[Case], regime: str, period: Period) -> QuerySet[Case]:
    filters = BundleFilters(since=period.since, until=period.until)
    items = Item.objects.filter(case=OuterRef("pk"))
    return (
        filters.narrow(cases, zone_of(regime))
        .order_by()
        .annotate(
            granted=Exists(items.filter(_GRANTED)),
            refused=Exists(items.filter(_REFUSED)),
        )
        .annotate(
            late=late_clocks(regime),
            counts_as=counts_as(Q(granted=True), Q(refused=True)),
            days=_days_to_answer(),
        )
    )


def counts_as(granted: Q, refused: Q, prefix: str = "") -> models.Case:
    """Return what `counting.counts_as` returns, as an expression on cases.

    `prefix` leads from the rows asked for to their case. `granted` and `refused` say whether the
    answer grants, and refuses, anything.
    """

    def case(**conditions: Any) -> Q:
        return Q(**{f"{prefix}{name}": value for name, value in conditions.items()})

    told = case(**_TOLD)
    ended = case(state__in=ENDED) | case(state__in=ANSWERED, answered_at__isnull=True)
    return models.Case(
        When(case(state=State.REJECTED_AS_ABUSE), then=Value(CountsAs.DENIED)),
        When(ended, then=Value(CountsAs.ENDED)),
        When(told & granted & refused, then=Value(CountsAs.PART)),
        When(told & granted, then=Value(CountsAs.WHOLE)),
        When(told & refused, then=Value(CountsAs.DENIED)),
        When(told, then=Value(CountsAs.NOTHING_HELD)),
        default=Value(CountsAs.OPEN),
        output_field=models.CharField(),
    )


def responded_at(prefix: str = "") -> models.Case:
    """Return when a case was answered last, which a rejection as abuse does too."""
    abuse = Q(**{f"{prefix}state": State.REJECTED_AS_ABUSE})
    return models.Case(
        When(abuse, then=F(f"{prefix}closed_at")),
        default=F(f"{prefix}answered_at"),
        output_field=models.DateTimeField(),
    )


def _days_to_answer(prefix: str = "") -> "ExpressionWrapper[CombinedExpression]":
    length = responded_at(prefix) - F(f"{prefix}filed_at")
    return ExpressionWrapper(length, output_field=DurationField())


_ANSWERED = Q(counts_as__in=sorted(DECIDED))
_FIGURES = {
    "received": Count("pk"),
    "answered": Count("pk", filter=_ANSWERED),
    **{f"as_{each}": Count("pk", filter=Q(counts_as=each)) for each in CountsAs},
    "late_count": Count("pk", filter=Q(late=True)),
    "mean": Avg("days", filter=_ANSWERED),
    "median": Median("days", filter=_ANSWERED),
}


def _figures(row: dict[str, Any]) -> Figures:
    return Figures(
        received=row["received"],
        answered=row["answered"],
        **{each.value: row[f"as_{each}"] for each in CountsAs},
        late=row["late_count"],
        mean_days=days(row["mean"]),
        median_days=days(row["median"]),
    )


def days(length: timedelta | None) -> float | None:
    """Return a length of time in days, to one decimal."""
    return None if length is None else round(length / timedelta(days=1), 1)
