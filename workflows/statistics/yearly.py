"""The yearly figures in the layouts that laws ask for, item by item.

California, 11 CCR § 7102: for each type of request the number received in a calendar year,
complied with in whole or in part, and denied, with the median and mean days to respond; denials by
reason. China, Network Data Security Management Regulations art. 44: how requests of individuals
were received and handled; the law names no form, so ours tells them by right, quarter, who filed
and ground of refusal. Other laws get the table by right.

One item counts once, by its own outcome. Days run from the day of receipt to that of the latest
answer of its case.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from workflows.accounts.regulators import RegulatorScope
from workflows.statistics.counting import CountsAs
from workflows.statistics.counts import Period, counts, mean_days, median_days
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


class Result(StrEnum):
    """What became of an item, as yearly figures tell it."""

    GRANTED = "granted"
    REFUSED = "refused"
    NOTHING_HELD = "nothing_held"
    ENDED = "ended"
    OPEN = "open"


class CountedItems(NamedTuple):
    """Items of cases received in the year that are alike, as far as a table tells them apart.

    `result` is one of `Result`. `days` is None while the case is not answered, `month` the first
    day of that of receipt.
    """

    result: str
    number: int = 1
    days: int | None = None
    late: bool = False
    kind: str = ""
    month: date = date.min
    requester: str = ""
    ground: str = ""


# Gives the items of the year, told apart by some columns.
ItemsBy = Callable[[tuple[str, ...]], Iterable[CountedItems]]


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
    _days: Counter[int] = field(default_factory=Counter)

    def add(self, items: CountedItems) -> None:
        """Count items."""
        self.received += items.number
        setattr(self, items.result, getattr(self, items.result) + items.number)
        self.late += items.number if items.late else 0
        if items.days is not None:
            self._days[items.days] += items.number

    @property
    def mean_days(self) -> float | None:
        """Days to the answer on average, to one decimal."""
        return mean_days(self._days)

    @property
    def median_days(self) -> float | None:
        """Days to the answer of the item in the middle."""
        return median_days(self._days)


@dataclass(frozen=True, slots=True)
class YearlyTable:
    """A table of a layout: what its lines are told by, its columns, its lines by their key.

    The last line of a table with `total` is the sum, under the key `total`.
    """

    code: str
    columns: tuple[str, ...]
    lines: list[tuple[str, YearlyLine]]


def tables(regime: str, items_by: ItemsBy) -> list[YearlyTable]:
    """Return the yearly tables in the layout of a regime. Items are read once for each."""
    return [_table(sheet, items_by(sheet.by)) for sheet in _LAYOUTS.get(regime, _GENERAL)]


def _table(sheet: "_Sheet", items: Iterable[CountedItems]) -> YearlyTable:
    lines = {key: YearlyLine() for key in sheet.order}
    total = YearlyLine()
    for alike in items:
        key = sheet.key(alike)
        if key is not None:
            lines.setdefault(key, YearlyLine()).add(alike)
            total.add(alike)
    shown = [*_lines(sheet, lines), *([(TOTAL, total)] if sheet.total else [])]
    return YearlyTable(sheet.code, sheet.columns, shown)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """How a table is made.

    `by` are the columns from which follows to which line an item belongs, or None; `order` the
    lines that are shown even if empty.
    """

    code: str
    columns: tuple[str, ...]
    by: tuple[str, ...]
    key: Callable[[CountedItems], str | None]
    order: tuple[str, ...] = ()
    total: bool = True


def _lines(sheet: _Sheet, lines: dict[str, YearlyLine]) -> list[tuple[str, YearlyLine]]:
    """Return the lines in the order of the sheet, those it does not name the largest first."""
    named = [(key, lines[key]) for key in sheet.order]
    others = [(key, line) for key, line in lines.items() if key not in sheet.order]
    if sheet.code == "quarter":
        return sorted(others)
    return named + sorted(others, key=lambda pair: (-pair[1].received, pair[0]))


def _california_type(item: CountedItems) -> str | None:
    return ItemKind(item.kind).definition.california_type


def _california_reason(item: CountedItems) -> str | None:
    if item.result != Result.REFUSED or _california_type(item) is None:
        return None
    return CALIFORNIA_REASONS.get(item.ground, "other")


def _quarter(item: CountedItems) -> str:
    return f"{item.month.year}-{(item.month.month + 2) // 3}"


def _ground(item: CountedItems) -> str | None:
    return item.ground or "other" if item.result == Result.REFUSED else None


_BY_RIGHT = _Sheet("right", ALL_COLUMNS, ("kind",), lambda item: item.kind)
_BY_GROUND = _Sheet("ground", ("refused",), ("ground",), _ground)
_GENERAL = (_BY_RIGHT, _BY_GROUND)
_LAYOUTS = {
    "US-CA": (
        _Sheet(
            "california_type",
            CALIFORNIA_COLUMNS,
            ("kind",),
            _california_type,
            CALIFORNIA_ORDER,
            total=False,
        ),
        _Sheet(
            "california_reason",
            ("refused",),
            ("kind", "ground"),
            _california_reason,
            REASON_ORDER,
        ),
    ),
    "CN": (
        _BY_RIGHT,
        _Sheet("quarter", ALL_COLUMNS, ("month",), _quarter),
        _Sheet(
            "requester",
            ALL_COLUMNS,
            ("requester",),
            lambda item: item.requester,
            tuple(RequesterRole.values),
        ),
        _BY_GROUND,
    ),
}


# An item has one outcome, so that nothing of it is granted in part.
_RESULTS: dict[str, Result] = {
    CountsAs.WHOLE: Result.GRANTED,
    CountsAs.DENIED: Result.REFUSED,
    CountsAs.NOTHING_HELD: Result.NOTHING_HELD,
    CountsAs.ENDED: Result.ENDED,
    CountsAs.OPEN: Result.OPEN,
}


def tables_of_year(scope: RegulatorScope, year: int) -> list[YearlyTable]:
    """Return the tables of a calendar year of the regime's time zone, in the layout of its law."""
    return tables(scope.regime, lambda by: items_of_year(scope, year, *by))


def items_of_year(scope: RegulatorScope, year: int, *by: str) -> Iterator[CountedItems]:
    """Yield the items of cases received in a calendar year of the regime's time zone.

    `by` are columns of `oversight.models.Counted` that `CountedItems` has, too.
    """
    period = Period(date(year, 1, 1), date(year, 12, 31))
    for alike in counts(scope.regime, period, *by, items=True):
        told = dict(zip(by, alike.key, strict=True))
        yield CountedItems(
            _RESULTS[alike.result], alike.number, alike.days, late=alike.late, **told
        )
