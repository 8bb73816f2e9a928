"""The items of a year, one by one, for the yearly figures. One query, read as a stream."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from workflows.accounts.regulators import RegulatorScope
from workflows.cases.models import Item
from workflows.oversight.filters import BundleFilters, zone_of
from workflows.oversight.selectors import late_clocks, visible_cases
from workflows.statistics.counting import DECIDED, CountsAs, counts_as, ground_of
from workflows.statistics.figures import responded_at
from workflows.statistics.yearly import CountedItem, Result

AT_ONCE = 2000
# An item has one outcome, so that nothing of it is granted in part.
_RESULTS = {
    CountsAs.WHOLE: Result.GRANTED,
    CountsAs.DENIED: Result.REFUSED,
    CountsAs.NOTHING_HELD: Result.NOTHING_HELD,
    CountsAs.ENDED: Result.ENDED,
    CountsAs.OPEN: Result.OPEN,
}


def items_of_year(scope: RegulatorScope, year: int) -> Iterator[CountedItem]:
    """Yield the items of the cases received in a calendar year of the regime's time zone."""
    zone = zone_of(scope.regime)
    filters = BundleFilters(since=date(year, 1, 1), until=date(year, 12, 31))
    cases = filters.narrow(visible_cases(scope), zone).filter(pk=OuterRef("case_id")).order_by()
    items = Item.objects.filter(Exists(cases)).annotate(
        late=late_clocks(scope.regime, case="case_id"), responded_at=responded_at("case__")
    )
    rows = items.order_by().values_list(
        "kind",
        "outcome",
        "ground",
        "case__filed_at",
        "case__answered_at",
        "responded_at",
        "case__state",
        "case__requester_role",
        "late",
    )
    for row in rows.iterator(AT_ONCE):
        kind, outcome, ground, filed, answered, responded, state, requester, late = row
        counted = counts_as(state, answered=answered is not None, outcomes=[outcome])
        yield CountedItem(
            kind=kind,
            received=filed.astimezone(ZoneInfo(zone)).date(),
            requester=requester,
            result=_RESULTS[counted],
            days=(responded - filed) / timedelta(days=1) if counted in DECIDED else None,
            late=late,
            ground=ground_of(state, ground) if counted == CountsAs.DENIED else "",
        )
