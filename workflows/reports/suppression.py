"""Keeps small counts from being read out of published figures; pure arithmetic.

A count below the threshold is not published, only that it is below. Where it could be reckoned
from the total and the other parts, further parts are withheld as well, and the total at last. So
nobody who adds and subtracts learns which of the values below the threshold a small count has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

THRESHOLD = 5
# How many values a small count must keep open where not all of them can.
_LEAST_VALUES = 3


class Shown(StrEnum):
    """How a count is published."""

    EXACT = "exact"
    # Below the threshold, none included.
    SMALL = "small"
    # Not below the threshold, and not published because a small count would follow from it.
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Cell:
    """A count as it is published; `value` is None where it is not exact."""

    shown: Shown
    value: int | None = None

    @classmethod
    def exact(cls, value: int) -> "Cell":
        """Return a count that is published as it is."""
        return cls(Shown.EXACT, value)


_SMALL, _WITHHELD = Cell(Shown.SMALL), Cell(Shown.WITHHELD)


@dataclass(frozen=True, slots=True)
class Row:
    """The parts of a total and the total, as they are published."""

    total: Cell
    parts: tuple[Cell, ...]


def suppress(parts: Sequence[int], threshold: int = THRESHOLD) -> Row:
    """Return the parts of a total and their sum as they may be published.

    `parts` are counts that make up the total between them, each case in one. A small part keeps
    each of its possible values, 0 to threshold - 1, open to whoever reads the row; where the
    total is too low for that, at least three of them, and the total is withheld at last.
    """
    total = sum(parts)
    if total < threshold:
        return Row(_SMALL, (_SMALL,) * len(parts))
    small = frozenset(number for number, part in enumerate(parts) if part < threshold)
    if not small:
        return Row(Cell.exact(total), tuple(map(Cell.exact, parts)))
    for least in (threshold, _LEAST_VALUES):
        for withheld in _candidates(parts, small):
            hidden = sum(parts[number] for number in small | withheld)
            if _values_left(hidden, len(small), len(withheld), threshold) >= least:
                return Row(Cell.exact(total), _cells(parts, small, withheld))
    return Row(_WITHHELD, _cells(parts, small, frozenset()))


def _candidates(parts: Sequence[int], small: frozenset[int]) -> Iterator[frozenset[int]]:
    """Yield sets of parts to withhold: none, then the smallest large one, then two, and so on."""
    large = sorted((part, number) for number, part in enumerate(parts) if number not in small)
    for length in range(len(large) + 1):
        yield frozenset(number for _part, number in large[:length])


def _values_left(hidden: int, small: int, withheld: int, threshold: int) -> int:
    """Return how many values a small part may have, given the sum of what is hidden."""
    most = threshold - 1
    # The others are at least 0 or the threshold, and a withheld part has no upper end.
    highest = min(most, hidden - withheld * threshold)
    lowest = 0 if withheld else max(0, hidden - most * (small - 1))
    return highest - lowest + 1


def _cells(
    parts: Sequence[int], small: frozenset[int], withheld: frozenset[int]
) -> tuple[Cell, ...]:
    return tuple(
        _SMALL if number in small else _WITHHELD if number in withheld else Cell.exact(part)
        for number, part in enumerate(parts)
    )
