"""Bars as SVG, reckoned on the server: no script, and a table with the figures stands beneath."""

from collections.abc import Sequence
from dataclasses import dataclass

# The drawing of months is 640 by 200 units; the last 30 carry the months.
WIDTH, HEIGHT, FOOT = 640, 200, 30
# A row of the other drawing: its bar begins at 240 and is at most 340 long.
ROW, LABEL, LENGTH = 32, 240, 340
_GAP = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its figure, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    figure: int


@dataclass(frozen=True, slots=True)
class Group:
    """What stands for one label: its bars, and where the label is written."""

    label: str
    x: float
    y: float
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of this size; `highest` is the figure of the longest bar.

    Upright bars stand on the line at `base`.
    """

    width: int
    height: int
    groups: list[Group]
    highest: int
    base: int = HEIGHT - FOOT


def columns(labels: Sequence[str], series: Sequence[Sequence[int]]) -> Chart:
    """Return upright bars: for each label one of each series, side by side."""
    highest = max([1, *(figure for figures in series for figure in figures)])
    slot = WIDTH / max(len(labels), 1)
    width = min((slot - 4 * _GAP) / len(series), 60)
    start = (slot - width * len(series)) / 2
    groups = []
    for number, label in enumerate(labels):
        left = number * slot
        bars = []
        for place, figures in enumerate(series):
            height = (HEIGHT - FOOT - 20) * figures[number] / highest
            bars.append(
                Bar(
                    round(left + start + place * width, 1),
                    round(HEIGHT - FOOT - height, 1),
                    round(width - 1, 1),
                    round(height, 1),
                    figures[number],
                )
            )
        groups.append(Group(label, round(left + slot / 2, 1), HEIGHT - 8, bars))
    return Chart(WIDTH, HEIGHT, groups, highest)


def rows(labels: Sequence[str], figures: Sequence[int]) -> Chart:
    """Return lying bars, one beneath the other, with room for long labels before them."""
    highest = max([1, *figures])
    groups = [
        Group(
            label,
            LABEL - 10,
            number * ROW + 20,
            [Bar(LABEL, number * ROW + 6, round(LENGTH * figure / highest, 1), ROW - 12, figure)],
        )
        for number, (label, figure) in enumerate(zip(labels, figures, strict=True))
    ]
    return Chart(WIDTH, ROW * len(groups), groups, highest)
