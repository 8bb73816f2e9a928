"""The yearly figures in the layouts that laws ask for, item by item.

California, 11 CCR § 7102: for each type of request the number received in a calendar year,
complied with in whole or in part, and denied, with the median and mean days to respond; denials by
reason. China, Network Data Security Management Regulations art. 44: how requests of individuals
were received and handled; the law names no form, so ours tells them by right, quarter, who filed
and ground of refusal. Other laws get the table by right.

One item counts once, by its own outcome. Days run from receipt to the latest answer of its case.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from statistics import fmean, median
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from workflows.accounts.regulators import RegulatorScope
from workflows.cases.models import Item
from workflows.oversight.filters import BundleFilters, zone_of
from workflows.oversight.selectors import late_clocks, visible_cases
from workflows.statistics.counting import DECIDED, CountsAs, counts_as, ground_of
from workflows.statistics.figures import responded_at
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import RequesterRole

TOTAL = "total"
DAYS = ("median_days", "mean_days")
CALIFORNIA_COLUMNS = ("received", "granted", "refused", *DAYS)
ALL_COLUMNS = ("received", "granted", "refused", "nothing_held", "ended", "open", "late", *DAYS)
# The types of § 7102 in the order in which it names them; of which type a kind is, its definition
# says. What the law names not, such as a claim about a work, is no request under it.
CALIFORNIA_ORDER = ("delete", "correct", "know", "opt_out", "limit", "automated_decisions")
# The reasons of which § 7102 lets a business tell how many denials rest on each.
CALIFORNIA_REASONS = {
    "not_verified": "not_verifiable",
    "agent_not_authorised": "not_by_consumer",
    "statutory_exception": "exempt",
    "sensitive_identifier": "exempt",
}
REASON_ORDER = ("not_verifiable", "not_by_consumer", "exempt", "other")
AT_ONCE = 2000


class Result(StrEnum):
    """What became of an item, as yearly figures tell it."""

    GRANTED = "granted"
    REFUSED = "refused"
    NOTHING_HELD = "nothing_held"
    ENDED = "ended"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class CountedItem:
    """One item of a case received in the year. `days` is None while the case is not answered."""

    kind: str
    received: date
    requester: str
    result: Result
    days: float | None = None
    late: bool = False
    ground: str = ""


@dataclass
class YearlyLine:
    """The figures of one line of a table."""

    received: int = 0
    granted: int = 0
    refused: int = 0
    nothing_held: int = 0
    ended: int = 0
    open: int = 0
    late: int = 0
    _days: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, item: CountedItem) -> None:
        """Count one item."""
        self.received += 1
        setattr(self, item.result, getattr(self, item.result) + 1)
        self.late += item.late
        if item.days is not None:
            self._days.append(item.days)

    @property
    def mean_days(self) -> float | None:
        """Days to the answer on average, to one decimal."""
        return round(fmean(self._days), 1) if self._days else None

    @property
    def median_days(self) -> float | None:
        """Days to the answer of the item in the middle, to one decimal."""
        return round(median(self._days), 1) if self._days else None


@dataclass(frozen=True, slots=True)
class YearlyTable:
    """A table of a layout: what its lines are told by, its columns, its lines by their key.

    The last line of a table with `total` is the sum, under the key `total`.
    """

    code: str
    columns: tuple[str, ...]
    lines: list[tuple[str, YearlyLine]]


def tables(regime: str, items: Iterable[CountedItem]) -> list[YearlyTable]:
    """Return the yearly tables in the layout of a regime. Items are read once."""
    sheets = _LAYOUTS.get(regime, _GENERAL)
    filled: list[dict[str, YearlyLine]] = [
        {key: YearlyLine() for key in sheet.order} for sheet in sheets
    ]
    totals = [YearlyLine() for _sheet in sheets]
    for item in items:
        for sheet, lines, total in zip(sheets, filled, totals, strict=True):
            key = sheet.key(item)
            if key is not None:
                lines.setdefault(key, YearlyLine()).add(item)
                total.add(item)
    return [
        YearlyTable(
            sheet.code,
            sheet.columns,
            [*_lines(sheet, lines), *([(TOTAL, total)] if sheet.total else [])],
        )
        for sheet, lines, total in zip(sheets, filled, totals, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """How a table is made: to which line an item belongs, or None; lines shown even if empty."""

    code: str
    columns: tuple[str, ...]
    key: Callable[[CountedItem], str | None]
    order: tuple[str, ...] = ()
    total: bool = True


def _lines(sheet: _Sheet, lines: dict[str, YearlyLine]) -> list[tuple[str, YearlyLine]]:
    """Return the lines in the order of the sheet, those it does not name the largest first."""
    named = [(key, lines[key]) for key in sheet.order]
    others = [(key, line) for key, line in lines.items() if key not in sheet.order]
    if sheet.code == "quarter":
        return sorted(others)
    return named + sorted(others, key=lambda pair: (-pair[1].received, pair[0]))


def _california_type(item: CountedItem) -> str | None:
    return ItemKind(item.kind).definition.california_type


def _california_reason(item: CountedItem) -> str | None:
    if item.result != Result.REFUSED or _california_type(item) is None:
        return None
    return CALIFORNIA_REASONS.get(item.ground, "other")


def _quarter(item: CountedItem) -> str:
    return f"{item.received.year}-{(item.received.month + 2) // 3}"


def _ground(item: CountedItem) -> str | None:
    return item.ground or "other" if item.result == Result.REFUSED else None


_BY_RIGHT = _Sheet("right", ALL_COLUMNS, lambda item: item.kind)
_BY_GROUND = _Sheet("ground", ("refused",), _ground)
_GENERAL = (_BY_RIGHT, _BY_GROUND)
_LAYOUTS = {
    "US-CA": (
        _Sheet("california_type", CALIFORNIA_COLUMNS, _california_type, CALIFORNIA_ORDER, False),
        _Sheet("california_reason", ("refused",), _california_reason, REASON_ORDER),
    ),
    "CN": (
        _BY_RIGHT,
        _Sheet("quarter", ALL_COLUMNS, _quarter),
        _Sheet(
            "requester",
            ALL_COLUMNS,
            lambda item: item.requester,
            tuple(RequesterRole.values),
        ),
        _BY_GROUND,
    ),
}


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
        "case__regime",
        "ground",
        "other_grounds",
        "case__filed_at",
        "case__answered_at",
        "responded_at",
        "case__state",
        "case__requester_role",
        "late",
    )
    for row in rows.iterator(AT_ONCE):
        kind, outcome, lead, ground, others, *rest = row
        filed, answered, responded, state, requester, late = rest
        if lead != scope.regime:
            ground = others.get(scope.regime, "")
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
