"""Counts of what became of requests, for one regime: the figures that laws ask to report.

What a case counts as, `counting` says. A case that counts as one of what an answer can be counts as
answered, too. An item counts by its own outcome. Days run from the day of receipt to that of the
latest answer, as long as it stands, both in the time zone of the regime.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.accounts.regulators import RegulatorScope
from workflows.regimes.services import get_regime
from workflows.statistics.counting import ABUSE, DECIDED, CountsAs
from workflows.statistics.counts import Alike, Period, counts, mean_days, median_days

_MONTHS_OF_QUARTER = 3


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


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told of one period: of its cases in all and by month, its items, its denials."""

    figures: Figures
    months: list[tuple[date, Figures]]
    kinds: list[tuple[str, Figures]]
    denials: list[Denial]


def report(scope: RegulatorScope, period: Period) -> Report:
    """Return what the functions below do, from two counts."""
    cases = counts(scope.regime, period, "month", "ground")
    items = counts(scope.regime, period, "kind", "ground", items=True)
    return Report(
        _figures(cases), _by_months(cases, 1), _by_kind(items), _denials(scope.regime, cases, items)
    )


def figures(scope: RegulatorScope, period: Period) -> Figures:
    """Return the figures of all cases received in the period."""
    return _figures(counts(scope.regime, period))


def by_month(scope: RegulatorScope, period: Period) -> list[tuple[date, Figures]]:
    """Return the figures of cases by month of receipt, the earliest first; no empty months."""
    return _by_months(counts(scope.regime, period, "month"), 1)


def by_quarter(regime: str, period: Period) -> list[tuple[date, Figures]]:
    """Return the figures of a regime's cases by quarter of receipt, each named by its first day.

    For the public page, which knows no scope: nothing of a single case comes out.
    """
    return _by_months(counts(regime, period, "month"), _MONTHS_OF_QUARTER)


def by_kind(scope: RegulatorScope, period: Period) -> list[tuple[str, Figures]]:
    """Return the figures of items by their kind, the most frequent first."""
    return _by_kind(counts(scope.regime, period, "kind", items=True))


def denials(scope: RegulatorScope, period: Period) -> list[Denial]:
    """Return how often each ground was given for refusing an item, the most frequent first.

    Rejections as abuse stand among them under `ABUSE`, counted by case.
    """
    cases, items = (counts(scope.regime, period, "ground", items=each) for each in (False, True))
    return _denials(scope.regime, cases, items)


def _by_months(cases: Iterable[Alike], length: int) -> list[tuple[date, Figures]]:
    """Return the figures by so many months, counted from January; the month leads the key."""
    parts: defaultdict[date, list[Alike]] = defaultdict(list)
    for alike in cases:
        month: date = alike.key[0]
        parts[month.replace(month=month.month - (month.month - 1) % length)].append(alike)
    return [(first, _figures(parts[first])) for first in sorted(parts)]


def _by_kind(items: Iterable[Alike]) -> list[tuple[str, Figures]]:
    """Return the figures by kind, which leads the key."""
    kinds: defaultdict[str, list[Alike]] = defaultdict(list)
    for alike in items:
        kinds[alike.key[0]].append(alike)
    found = [(kind, _figures(parts)) for kind, parts in kinds.items()]
    return sorted(found, key=lambda pair: (-pair[1].received, pair[0]))


def _denials(regime: str, cases: Iterable[Alike], items: Iterable[Alike]) -> list[Denial]:
    """Return the denials by ground, which ends the key."""
    counted: Counter[str] = Counter()
    for alike in items:
        if alike.result == CountsAs.DENIED and alike.key[-1] != ABUSE:
            counted[alike.key[-1]] += alike.number
    for alike in cases:
        if alike.key[-1] == ABUSE:
            counted[ABUSE] += alike.number
    grounds = get_regime(regime).grounds
    found = [
        Denial(code, grounds[code].text if code in grounds else None, count)
        for code, count in counted.items()
    ]
    return sorted(found, key=lambda denial: (-denial.count, denial.ground))


def _figures(counted: Iterable[Alike]) -> Figures:
    results: Counter[str] = Counter()
    days: Counter[int] = Counter()
    late = 0
    for alike in counted:
        results[alike.result] += alike.number
        late += alike.number if alike.late else 0
        if alike.days is not None:
            days[alike.days] += alike.number
    return Figures(
        received=results.total(),
        answered=sum(results[each] for each in DECIDED),
        **{each.value: results[each] for each in CountsAs},
        late=late,
        mean_days=mean_days(days),
        median_days=median_days(days),
    )
