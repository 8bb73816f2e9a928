"""Keeps small counts from being read out of published figures; pure arithmetic.

A count below the threshold is not published, only that it is below. Where it could be reckoned
from the total and the other parts, one further part is withheld as well, and the total at last.

Whoever knows this program can also ask which counts would have led to what is published. So what
is withheld follows from nothing but what all these counts have in common: which parts are small,
those that are shown, and how much the rest comes to, as far as that is shown. Then all of them are
possible, and each that is hidden has `LEAST_VALUES` values or more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

THRESHOLD = 5
# How many values a hidden count must keep open at least.
LEAST_VALUES = 3


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
class Row:
    """The parts of a total and the total, as they are published."""

    total: Cell
    parts: tuple[Cell, ...]


def suppress_small_counts(parts: Sequence[int]) -> Row:
    """Return the parts of a total and their sum as they may be published.

    `parts` are counts that make up the total between them, each case in one. The last of those
    that are not small is the first to be withheld.
    """
    total = sum(parts)
    if total < THRESHOLD:
        return Row(_SMALL, (_SMALL,) * len(parts))
    small = [part for part in parts if part < THRESHOLD]
    large = [number for number, part in enumerate(parts) if part >= THRESHOLD]
    if not small:
        return Row(Cell.exact(total), _cells(parts))
    if not large:
        return Row(Cell.exact(total) if _few_enough(small) else _WITHHELD, _cells(parts))
    if len(small) > 1 and sum(small) >= LEAST_VALUES and _few_enough(small):
        # Known by the total and the others, their sum can be made up in many ways.
        return Row(Cell.exact(total), _cells(parts))
    withheld = large[-1]
    hidden = sum(small) + parts[withheld]
    # The withheld part is the threshold at least; that leaves the small ones enough.
    shown = hidden >= THRESHOLD + LEAST_VALUES
    return Row(Cell.exact(total) if shown else _WITHHELD, _cells(parts, withheld))


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
