"""Counts of what became of complaints, for one regime: the figures that a regulator may ask for.

Days run from the day of receipt of a complaint to that of its outcome, in the zone of the regime.
A complaint is late when it missed, or is missing now, the time of the regime for its outcome.
"""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db.models import (
    Aggregate,
    Avg,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncDate

from workflows.accounts.regulators import RegulatorScope
from workflows.complaints.lifecycle import OPEN, State
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.oversight.filters import BundleFilters, zone_of
from workflows.oversight.selectors import late, visible_cases
from workflows.statistics.counts import Period

_ANSWERED = Q(answered_at__isnull=False)


@dataclass(frozen=True, slots=True)
class ComplaintFigures:
    """Counts of complaints received in a period, and the days it took to tell their outcome."""

    received: int
    answered: int
    upheld: int
    partly_upheld: int
    not_upheld: int
    withdrawn: int
    open: int
    late: int
    mean_days: float | None
    median_days: float | None


class Median(Aggregate):
    """The median of a duration."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def complaint_figures(scope: RegulatorScope, period: Period) -> ComplaintFigures:
    """Return the figures of all complaints received in the period. One query."""
    findings = {
        finding: Count("pk", filter=Q(finding=finding)) for finding in Complaint.Finding.values
    }
    zone = ZoneInfo(zone_of(scope.regime))
    length = ExpressionWrapper(
        TruncDate("answered_at", tzinfo=zone) - TruncDate("received_at", tzinfo=zone),
        output_field=DurationField(),
    )
    row = _complaints(scope, period).aggregate(
        received=Count("pk"),
        answered=Count("pk", filter=_ANSWERED),
        withdrawn=Count("pk", filter=Q(state=State.WITHDRAWN)),
        open=Count("pk", filter=Q(state__in=OPEN)),
        late_count=Count("pk", filter=_late(scope.regime)),
        mean=Avg(length),
        median=Median(length),
        **findings,
    )
    mean, median, late_ones = row.pop("mean"), row.pop("median"), row.pop("late_count")
    return ComplaintFigures(**row, late=late_ones, mean_days=_days(mean), median_days=_days(median))


def _complaints(scope: RegulatorScope, period: Period) -> QuerySet[Complaint]:
    filters = BundleFilters(since=period.since, until=period.until)
    start, end = filters.received_between(zone_of(scope.regime))
    complaints = Complaint.objects.filter(case__in=visible_cases(scope)).order_by()
    if start:
        complaints = complaints.filter(received_at__gte=start)
    if end:
        complaints = complaints.filter(received_at__lt=end)
    return complaints


def _late(regime: str) -> Exists:
    clocks = ComplaintClock.objects.filter(late(), complaint=OuterRef("pk"))
    return Exists(clocks.filter(regime=regime, leads=True))


def _days(length: timedelta | None) -> float | None:
    return None if length is None else round(length / timedelta(days=1), 1)
