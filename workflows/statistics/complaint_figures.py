"""Counts of what became of complaints, for one regime: the figures that a regulator may ask for.

Days run from the receipt of a complaint to its outcome. A complaint is late when it missed, or is
missing now, the time of the regime for its outcome.
"""

from dataclasses import dataclass

from django.db.models import (
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

from workflows.accounts.regulators import RegulatorScope
from workflows.complaints.lifecycle import OPEN, State
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.oversight.filters import BundleFilters, zone_of
from workflows.oversight.selectors import late, visible_cases
from workflows.statistics.figures import Median, Period, days

_DAYS = ExpressionWrapper(F("answered_at") - F("received_at"), output_field=DurationField())
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


def complaint_figures(scope: RegulatorScope, period: Period) -> ComplaintFigures:
    """Return the figures of all complaints received in the period. One query."""
    findings = {
        finding: Count("pk", filter=Q(finding=finding)) for finding in Complaint.Finding.values
    }
    row = _complaints(scope, period).aggregate(
        received=Count("pk"),
        answered=Count("pk", filter=_ANSWERED),
        withdrawn=Count("pk", filter=Q(state=State.WITHDRAWN)),
        open=Count("pk", filter=Q(state__in=OPEN)),
        late_count=Count("pk", filter=_late(scope.regime)),
        mean=Avg(_DAYS),
        median=Median(_DAYS),
        **findings,
    )
    mean, median, late_ones = row.pop("mean"), row.pop("median"), row.pop("late_count")
    return ComplaintFigures(**row, late=late_ones, mean_days=days(mean), median_days=days(median))


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
