"""What the public may read about how requests are handled: past quarters, small counts kept back.

Only one way of cutting time is published, so that nothing follows from a difference between two.
A quarter appears when it is over; while its cases are worked on, its figures still move.

A count below the threshold is not published, only that it is below. Where it could be reckoned
from the total and the other parts, one further part is withheld as well, and the total at last.

Whoever knows this program can also ask which counts would have led to what is published. So what
is withheld follows from nothing but what all these counts have in common: which parts are small,
those that are shown, and how much the rest comes to, as far as that is shown. Then all of them are
possible, and each that is hidden has `LEAST_VALUES` values or more.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from io import StringIO

from workflows.statistics.counts import Period
from workflows.statistics.figures import Figures, by_quarter

THRESHOLD = 5
# How many values a hidden count must keep open at least.
LEAST_VALUES = 3


QUARTERS_SHOWN = 8
COLUMNS = (
    "received",
    "complied",
    "refused",
    "nothing_held",
    "without_answer",
    "late",
    "median_days",
)
_MONTHS = 3


class PublishedCount(StrEnum):
    """How a count is published."""

    EXACT = "exact"
    # Below the threshold, none included.
    SMALL = "small"
    # Not published because a small count would follow from it.
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Cell:
    """A count as it is published; `value` is None where it is not exact."""

    shown: PublishedCount
    value: int | None = None

    @classmethod
    def exact(cls, value: int) -> "Cell":
        """Return a count that is published as it is."""
        return cls(PublishedCount.EXACT, value)


_SMALL, _WITHHELD = Cell(PublishedCount.SMALL), Cell(PublishedCount.WITHHELD)


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """The parts of a total and the total, as they are published."""

    total: Cell
    parts: tuple[Cell, ...]


def suppress_small_counts(parts: Sequence[int]) -> PublishedRow:
    """Return the parts of a total and their sum as they may be published.

    `parts` are counts that make up the total between them, each case in one. The last of those
    that are not small is the first to be withheld.
    """
    total = sum(parts)
    if total < THRESHOLD:
        return PublishedRow(_SMALL, (_SMALL,) * len(parts))
    small = [part for part in parts if part < THRESHOLD]
    large = [number for number, part in enumerate(parts) if part >= THRESHOLD]
    if not small:
        return PublishedRow(Cell.exact(total), _cells(parts))
    if not large:
        return PublishedRow(Cell.exact(total) if _few_enough(small) else _WITHHELD, _cells(parts))
    if len(small) > 1 and sum(small) >= LEAST_VALUES and _few_enough(small):
        # Known by the total and the others, their sum can be made up in many ways.
        return PublishedRow(Cell.exact(total), _cells(parts))
    withheld = large[-1]
    hidden = sum(small) + parts[withheld]
    # The withheld part is the threshold at least; that leaves the small ones enough.
    shown = hidden >= THRESHOLD + LEAST_VALUES
    return PublishedRow(Cell.exact(total) if shown else _WITHHELD, _cells(parts, withheld))


def suppress_within(count: int, total: int, published: Cell) -> Cell:
    """Return how a count may be published of some in a total that is `published` so.

    It is told of no part how many of it they are.
    """
    if published.shown is PublishedCount.SMALL:
        return _SMALL
    if published.shown is PublishedCount.EXACT and total < THRESHOLD + LEAST_VALUES - 1:
        # Even whether it is below the threshold would leave too few values.
        return _WITHHELD
    if count < THRESHOLD:
        return _SMALL
    if published.shown is PublishedCount.WITHHELD or total - count < THRESHOLD:
        # Else the total, or how many were not among them, would follow.
        return _WITHHELD
    return Cell.exact(count)


def _few_enough(small: Sequence[int]) -> bool:
    """Return whether the sum of small parts leaves it open which of them is how large.

    Those for which it does not are so near to the highest sum, and as many as may be: each keeps
    the values next below the threshold.
    """
    return sum(small) <= (THRESHOLD - 1) * len(small) - LEAST_VALUES


def _cells(parts: Sequence[int], withheld: int | None = None) -> tuple[Cell, ...]:
    return tuple(
        _SMALL if part < THRESHOLD else _WITHHELD if number == withheld else Cell.exact(part)
        for number, part in enumerate(parts)
    )


@dataclass(frozen=True, slots=True)
class Quarter:
    """The figures of one quarter as they may be read by anybody.

    `received` is made up of the four counts after it; `late` counts within `received`.
    `median_days` is None where each kind of answer was given fewer times than the threshold.
    """

    first_day: date
    received: Cell
    complied: Cell
    refused: Cell
    nothing_held: Cell
    without_answer: Cell
    late: Cell
    median_days: float | None

    @property
    def number(self) -> int:
        """Return which quarter of its year it is, from 1."""
        return (self.first_day.month + _MONTHS - 1) // _MONTHS


def past_quarters(regime: str, today: date) -> list[Quarter]:
    """Return the last quarters that are over, the latest first; none without a case."""
    this = _first_day(today)
    first = this
    for _number in range(QUARTERS_SHOWN):
        first = _first_day(first - timedelta(days=1))
    period = Period(first, this - timedelta(days=1))
    return [quarter(day, counted) for day, counted in reversed(by_quarter(regime, period))]


def quarter(first_day: date, counted: Figures) -> Quarter:
    """Return the figures of one quarter with small counts kept back."""
    complied = counted.whole + counted.part
    decided = (complied, counted.denied, counted.nothing_held)
    row = suppress_small_counts((*decided, counted.received - sum(decided)))
    # What is published says already that so many were answered.
    enough = any(cell.shown != PublishedCount.SMALL for cell in row.parts[: len(decided)])
    return Quarter(
        first_day,
        row.total,
        complied=row.parts[0],
        refused=row.parts[1],
        nothing_held=row.parts[2],
        without_answer=row.parts[3],
        late=suppress_within(counted.late, counted.received, row.total),
        median_days=counted.median_days if enough else None,
    )


def as_csv(tables: Iterable[tuple[str, Sequence[Quarter]]]) -> str:
    """Return the quarters of several regimes as CSV; what is kept back reads `<5` or nothing."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("regime", "quarter", *COLUMNS))
    for regime, quarters in tables:
        for each in quarters:
            cells = [_written(getattr(each, column)) for column in COLUMNS]
            writer.writerow((regime, f"{each.first_day.year}-Q{each.number}", *cells))
    return out.getvalue()


def _written(figure: Cell | float | None) -> str:
    if isinstance(figure, Cell):
        match figure.shown:
            case PublishedCount.EXACT:
                return str(figure.value)
            case PublishedCount.SMALL:
                return f"<{THRESHOLD}"
            case PublishedCount.WITHHELD:
                return ""
    return "" if figure is None else str(figure)


def _first_day(day: date) -> date:
    return date(day.year, (day.month - 1) // _MONTHS * _MONTHS + 1, 1)
