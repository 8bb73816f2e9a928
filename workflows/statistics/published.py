"""What the public may read about how requests are handled: past quarters, small counts kept back.

Only one way of cutting time is published, so that nothing follows from a difference between two.
A quarter appears when it is over; while its cases are worked on, its figures still move.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO

from workflows.statistics.figures import Figures, Period, by_quarter
from workflows.statistics.small_counts import (
    THRESHOLD,
    Cell,
    PublishedCount,
    suppress_small_counts,
    suppress_within,
)

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
    """Return the last quarters that are over, the latest first; none without a case. One query."""
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
