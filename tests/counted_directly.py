"""Figures counted from the cases themselves, by the rules in Python: what facts must come to."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from django.utils import timezone

from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Item
from workflows.oversight.filters import zone_of
from workflows.statistics.counting import (
    ABUSE,
    ANSWERED,
    CountsAs,
    counts_as,
    days_between,
    is_late,
)
from workflows.statistics.counts import Period, counts
from workflows.vocabulary.outcomes import Outcome

COLUMNS = ("month", "kind", "requester", "ground")
Counted = Counter[tuple[object, ...]]


def directly(regime: str, period: Period = Period(), *, items: bool = False) -> Counted:  # noqa: B008
    """Count cases, or their items, one after the other."""
    zone = ZoneInfo(zone_of(regime))
    counted: Counted = Counter()
    for case in Case.objects.filter(regimes__contains=[regime]).prefetch_related("items", "clocks"):
        received = case.filed_at.astimezone(zone).date()
        if (period.since or date.min) <= received <= (period.until or date.max):
            counted.update((received.replace(day=1), *told) for told in _told(case, regime, items))
    return counted


def from_facts(regime: str, period: Period = Period(), *, items: bool = False) -> Counted:  # noqa: B008
    """Return the same as it is read for figures."""
    counted: Counted = Counter()
    for alike in counts(regime, period, *COLUMNS, items=items):
        counted[*alike.key, alike.result, alike.late, alike.days] += alike.number
    return counted


def _told(case: Case, regime: str, items: bool) -> Iterator[tuple[object, ...]]:
    now = timezone.now()
    leading = [clock for clock in case.clocks.all() if clock.leads and clock.regime == regime]
    late = any(is_late(clock.state, clock.due_at, now) for clock in leading)
    parts: list[tuple[str, list[Item]]] = [("", list(case.items.all()))]
    if items:
        parts = [(item.kind, [item]) for item in case.items.all()]
    for kind, of in parts:
        outcomes = [item.outcome for item in of]
        result = counts_as(case.state, answered=case.answered_at is not None, outcomes=outcomes)
        ground = ""
        if case.state == State.REJECTED_AS_ABUSE:
            ground = ABUSE
        elif items and result == CountsAs.DENIED and outcomes == [Outcome.REFUSED]:
            ground = of[0].grounds.get(regime, "")
        yield kind, case.requester_role, ground, result, late, _days(case, zone_of(regime))


def _days(case: Case, zone: str) -> int | None:
    answered = case.answered_at if case.state in ANSWERED else None
    if case.state == State.REJECTED_AS_ABUSE:
        answered = case.closed_at
    return None if answered is None else days_between(case.filed_at, answered, ZoneInfo(zone))
