"""Reads how many cases, or items, are alike: whole months from subtotals, the rest from facts.

Row-level security shows a regulator those of one regime.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count, Model, Q, QuerySet, Sum
from django.utils import timezone

from workflows.oversight.filters import BundleFilters, zone_of
from workflows.oversight.models import Fact, Subtotal

ModelT = TypeVar("ModelT", bound=Model)
_DAY = timedelta(days=1)
_MORE_THAN_A_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Period:
    """Days of receipt in the regime's time zone, both included; None is open."""

    since: date | None = None
    until: date | None = None


class Alike(NamedTuple):
    """How many there are that are alike.

    `key` are the values of the columns by which they are told apart, `result` is one of `CountsAs`.
    `days` are those to the answer which stands, None without one.
    """

    key: tuple[Any, ...]
    result: str
    late: bool
    days: int | None
    number: int


def counts(regime: str, period: Period, *by: str, items: bool = False) -> list[Alike]:
    """Return what became of the cases received under a regime, or of their items.

    They are told apart by columns of `oversight.models.Counted`. Three queries at most.
    """
    columns = (*by, "result", "missed", "days")
    zone = zone_of(regime)
    facts = of_regime(Fact, regime).filter(Q(position__gt=0) if items else Q(position=0))
    subtotals = of_regime(Subtotal, regime).filter(Q(kind__gt="") if items else Q(kind=""))
    months, ends = _whole_months(period)
    found: Counter[tuple[Any, ...]] = Counter()

    for row in subtotals.filter(months).values_list(*columns).annotate(Sum("number")):
        found[row[:-1]] += row[-1]
    if ends:
        received = facts.filter(Q(*(_received(end, zone) for end in ends), _connector=Q.OR))
        for row in received.values_list(*columns).annotate(Count("position")):
            found[row[:-1]] += row[-1]
    # What is late since a moment ago: the sweep has not seen it yet.
    late = facts.filter(_received(period, zone), late_from__lte=timezone.now())
    for *key, days, number in late.values_list(*by, "result", "days").annotate(Count("position")):
        found[*key, False, days] -= number
        found[*key, True, days] += number
    return [
        Alike(key[:-3], key[-3], key[-2], key[-1], number)
        for key, number in found.items()
        if number
    ]


def of_regime(model: type[ModelT], regime: str) -> QuerySet[ModelT]:
    """Return what is counted under a regime."""
    return model._default_manager.filter(regime=regime).order_by()


def mean_days(days: Mapping[int, int]) -> float | None:
    """Return the mean, to one decimal, of days of which it is told how often each occurs."""
    number = sum(days.values())
    return round(sum(day * n for day, n in days.items()) / number, 1) if number else None


def median_days(days: Mapping[int, int]) -> float | None:
    """Return the median of days of which it is told how often each occurs."""
    if not days:
        return None
    ordered = sorted(days)
    up_to = list(accumulate(days[day] for day in ordered))
    number = up_to[-1]
    lower, upper = (ordered[bisect_left(up_to, n)] for n in ((number + 1) // 2, number // 2 + 1))
    return (lower + upper) / 2


def _received(period: Period, zone: str) -> Q:
    """Return the condition that something was received in these days of a time zone."""
    start, end = BundleFilters(since=period.since, until=period.until).received_between(zone)
    return (Q(filed_at__gte=start) if start else Q()) & (Q(filed_at__lt=end) if end else Q())


def _whole_months(period: Period) -> tuple[Q, list[Period]]:
    """Return the condition of the months that are in a period as a whole, and the days beside."""
    since, until = period.since, period.until
    start = since and (since if since.day == 1 else _next_month(since))
    stop = until and (until + _DAY).replace(day=1)
    if start and stop and start > stop:
        return Q(pk__in=[]), [period]
    months, ends = Q(), []
    if since and start:
        months &= Q(month__gte=start)
        ends += [Period(since, start - _DAY)] if since < start else []
    if until and stop:
        months &= Q(month__lt=stop)
        ends += [Period(stop, until)] if stop <= until else []
    return months, ends


def _next_month(day: date) -> date:
    return (day.replace(day=1) + _MORE_THAN_A_MONTH).replace(day=1)
