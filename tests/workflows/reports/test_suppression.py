"""Published figures: small counts stay small counts, whatever one adds and subtracts."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.reports.suppression import THRESHOLD, Cell, Row, Shown, suppress

EXACT, SMALL, WITHHELD = Shown.EXACT, Shown.SMALL, Shown.WITHHELD


def shown(row: Row) -> list[int | str]:
    return [
        cell.value if cell.shown == EXACT else cell.shown.value for cell in (row.total, *row.parts)
    ]


@pytest.mark.parametrize(
    ("parts", "published"),
    [
        ([10, 20, 30], [60, 10, 20, 30]),
        ([], ["small"]),
        ([0, 0, 0], ["small"] * 4),
        ([1, 1, 2], ["small"] * 4),
        # One small part follows from the rest: the next smallest is withheld with it.
        ([2, 20, 30], [52, "small", "withheld", 30]),
        # Both small ones may have each value between them.
        ([2, 2, 20], [24, "small", "small", 20]),
        # Nothing at all, or four each, would follow from the total.
        ([0, 0, 20], [20, "small", "small", "withheld"]),
        ([4, 4, 20], [28, "small", "small", "withheld"]),
        # What could stand in for it is too small to hide it alone.
        ([2, 5, 30], [37, "small", "withheld", "withheld"]),
        # The total is too low for every value to stay open; three do.
        ([2, 5], [7, "small", "withheld"]),
        ([0, 0, 0, 7], [7, "small", "small", "small", "withheld"]),
        ([1, 5], ["withheld", "small", 5]),
        ([4, 4], ["withheld", "small", "small"]),
    ],
)
def test_what_is_published(parts, published):
    assert shown(suppress(parts)) == published


# What may lie behind a cell. Numbers beyond the threshold go far enough to stand for all.
BOUND = 3 * THRESHOLD
COUNTS = st.lists(st.integers(0, 2 * THRESHOLD), min_size=1, max_size=4)


def possible(cell: Cell) -> range:
    match cell.shown:
        case Shown.EXACT:
            return range(cell.value, cell.value + 1)
        case Shown.SMALL:
            return range(THRESHOLD)
    return range(THRESHOLD, BOUND)


def total_fits(cell: Cell, total: int) -> bool:
    match cell.shown:
        case Shown.EXACT:
            return total == cell.value
        case Shown.SMALL:
            return total < THRESHOLD
    return total >= THRESHOLD


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_no_small_count_can_be_reckoned_from_what_is_published(parts):
    row = suppress(parts)

    readings = [
        reading
        for reading in product(*map(possible, row.parts))
        if total_fits(row.total, sum(reading))
    ]
    assert tuple(parts) in readings
    for number, cell in enumerate(row.parts):
        if cell.shown == SMALL:
            values = {reading[number] for reading in readings}
            assert len(values) >= 3


@given(COUNTS)
def test_what_is_published_is_true(parts):
    row = suppress(parts)

    for cell, count in zip((row.total, *row.parts), (sum(parts), *parts), strict=True):
        assert cell.shown != EXACT or cell.value == count >= THRESHOLD
        assert (cell.shown == SMALL) == (count < THRESHOLD)


@given(st.lists(st.integers(THRESHOLD, 1000), min_size=1, max_size=6))
def test_nothing_is_withheld_where_nothing_is_small(parts):
    assert shown(suppress(parts)) == [sum(parts), *parts]
