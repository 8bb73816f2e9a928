"""The items of a year, one by one, for the yearly figures. One query, read as a stream."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from workflows.cases.lifecycle import State
from workflows.cases.models import Item
from workflows.cases.vocabulary import WITHOUT_GRANT, Outcome
from workflows.reports.bundle_filters import BundleFilters, zone_of
from workflows.reports.scope import RegulatorScope
from workflows.reports.selectors import late_clocks, visible_cases
from workflows.reports.statistics import ABUSE
from workflows.reports.statistics_yearly import CountedItem, Result

AT_ONCE = 2000
_ENDED = {State.WITHDRAWN, State.EXPIRED, State.MERGED}


def items_of_year(scope: RegulatorScope, year: int) -> Iterator[CountedItem]:
    """Yield the items of the cases received in a calendar year of the regime's time zone."""
    zone = zone_of(scope.regime)
    filters = BundleFilters(since=date(year, 1, 1), until=date(year, 12, 31))
    cases = filters.narrow(visible_cases(scope), zone).filter(pk=OuterRef("case_id")).order_by()
    items = Item.objects.filter(Exists(cases)).annotate(
        late=late_clocks(scope.regime, case="case_id")
    )
    rows = items.order_by().values_list(
        "kind",
        "outcome",
        "ground",
        "case__filed_at",
        "case__answered_at",
        "case__state",
        "case__requester_role",
        "late",
    )
    for kind, outcome, ground, filed, answered, state, requester, late in rows.iterator(AT_ONCE):
        result = _result(outcome, answered, state)
        yield CountedItem(
            kind=kind,
            received=filed.astimezone(ZoneInfo(zone)).date(),
            requester=requester,
            result=result,
            days=(answered - filed) / timedelta(days=1) if answered else None,
            late=late,
            ground=_ground(ground, state) if result == Result.REFUSED else "",
        )


def _ground(ground: str, state: str) -> str:
    """Return why an item was refused: its own ground, or that of the whole case."""
    return ABUSE if state == State.REJECTED_AS_ABUSE else ground


def _result(outcome: str, answered: datetime | None, state: str) -> Result:
    """Return what became of an item; what is only proposed is not yet anything."""
    if state == State.REJECTED_AS_ABUSE:
        return Result.REFUSED
    if state in _ENDED:
        return Result.ENDED
    if answered is None or not outcome:
        return Result.OPEN
    if outcome == Outcome.REFUSED:
        return Result.REFUSED
    return Result.NOTHING_HELD if outcome in WITHOUT_GRANT else Result.GRANTED
