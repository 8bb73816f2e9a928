"""Bars by week as an SVG made on the server: no script, and the table stands beneath it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)
# The drawing is 600 by 160 units; the last 24 carry the weeks.
WIDTH, HEIGHT, FOOT = 600, 160, 24
GAP = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class WeekBars:
    """The figures of one week with the bars that show them."""

    week: date
    received: int
    ended: int
    received_bar: Bar
    ended_bar: Bar
    middle: float


@dataclass(frozen=True, slots=True)
class WeeklyChart:
    """Two bars a week, and the number that the height of the drawing stands for."""

    weeks: list[WeekBars]
    highest: int


def weeks_until(today: date, count: int) -> list[date]:
    """Return the Mondays of the last `count` weeks, the current one last."""
    monday = today - timedelta(days=today.weekday())
    return [monday - WEEK * back for back in range(count - 1, -1, -1)]


def weekly_chart(
    weeks: Sequence[date], received: Mapping[date, int], ended: Mapping[date, int]
) -> WeeklyChart:
    """Return the bars for the given weeks; a week without a figure counts as 0."""
    highest = max([1, *received.values(), *ended.values()])
    slot = WIDTH / len(weeks)
    width = (slot - 4 * GAP) / 2

    def bar(x: float, figure: int) -> Bar:
        height = (HEIGHT - FOOT) * figure / highest
        return Bar(round(x, 2), round(HEIGHT - FOOT - height, 2), round(width, 2), round(height, 2))

    return WeeklyChart(
        [
            WeekBars(
                week=week,
                received=received.get(week, 0),
                ended=ended.get(week, 0),
                received_bar=bar(number * slot + GAP, received.get(week, 0)),
                ended_bar=bar(number * slot + 2 * GAP + width, ended.get(week, 0)),
                middle=round((number + 0.5) * slot, 2),
            )
            for number, week in enumerate(weeks)
        ],
        highest,
    )
