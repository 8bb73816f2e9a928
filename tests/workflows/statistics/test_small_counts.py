"""Published figures: small counts stay small counts, whatever one adds and subtracts."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.statistics.published import (
    LEAST_VALUES,
    THRESHOLD,
    PublishedCount,
    PublishedRow,
    suppress_small_counts,
)

EXACT, SMALL, WITHHELD = PublishedCount.EXACT, PublishedCount.SMALL, PublishedCount.WITHHELD


def shown(row: PublishedRow) -> list[int | str]:
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
        # One small part follows from the rest: the last large one is withheld with it.
        ([2, 20, 30], [52, "small", 20, "withheld"]),
        ([2, 20, 3], [25, "small", 20, "small"]),
        # Nothing at all, or four each, would follow from the total.
        ([0, 0, 20], [20, "small", "small", "withheld"]),
        ([4, 4, 20], [28, "small", "small", "withheld"]),
        # With a total of seven the small one would be two at most, and for each of these there
        # would be another reason to withhold less: nothing but the exact part is shown.
        ([3, 5], [8, "small", "withheld"]),
        ([2, 5], ["withheld", "small", "withheld"]),
        ([0, 5, 30], [35, "small", 5, "withheld"]),
        ([0, 0, 0, 7], ["withheld", "small", "small", "small", "withheld"]),
        ([1, 5], ["withheld", "small", "withheld"]),
        ([2, 3], [5, "small", "small"]),
        ([3, 3], ["withheld", "small", "small"]),
        ([4, 4], ["withheld", "small", "small"]),
        ([4, 4, 4, 1], [13, "small", "small", "small", "small"]),
        ([4, 4, 4, 2], ["withheld", "small", "small", "small", "small"]),
    ],
)
def test_what_is_published(parts, published):
    assert shown(suppress_small_counts(parts)) == published


# --- Whoever knows the program and what it published asks what it can have been ---------------------
MOST = 24


def vectors(length: int, most: int) -> Iterator[tuple[int, ...]]:
    """Yield the counts of so many parts that come to no more than `most`."""
    if not length:
        yield ()
        return
    for first in range(most + 1):
        for rest in vectors(length - 1, most - first):
            yield (first, *rest)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_at_least_three_values_stay_possible_for_all_that_is_hidden(length):
    """All counts up to a total: which of them are published in the same way."""
    readings = defaultdict(list)
    for parts in vectors(length, MOST):
        readings[suppress_small_counts(parts)].append((sum(parts), *parts))
    for row, alike in readings.items():
        # At the upper end there are further ones that were not tried.
        if min(total for total, *_parts in alike) > MOST - LEAST_VALUES:
            continue
        for place, cell in enumerate((row.total, *row.parts)):
            values = {reading[place] for reading in alike}
            assert len(values) == 1 if cell.shown == EXACT else len(values) >= 3, (row, alike)


COUNTS = st.lists(st.one_of(st.integers(0, 8), st.integers(0, 3000)), min_size=1, max_size=4)


@given(COUNTS)
def test_large_counts_beside_them_open_nothing(parts):
    """What may lie behind each hidden cell is tried, and kept where the program hides the same."""
    row = suppress_small_counts(parts)
    ranges = {EXACT: lambda n: [n], SMALL: lambda _n: range(THRESHOLD)}
    tried = product(
        *(
            ranges[cell.shown](part) if cell.shown in ranges else around(part)
            for cell, part in zip(row.parts, parts, strict=True)
        )
    )
    alike = [(sum(reading), *reading) for reading in tried if suppress_small_counts(reading) == row]
    assert (sum(parts), *parts) in alike
    for place, cell in enumerate((row.total, *row.parts)):
        assert cell.shown == EXACT or len({reading[place] for reading in alike}) >= 3


def around(part: int) -> range:
    """Return more values than a withheld part can have: the small ones make up the difference."""
    return range(max(0, part - 4 * THRESHOLD), part + 4 * THRESHOLD)


@given(COUNTS)
def test_what_is_published_is_true(parts):
    row = suppress_small_counts(parts)

    assert row.total.shown != EXACT or row.total.value == sum(parts) >= THRESHOLD
    assert (row.total.shown == SMALL) == (sum(parts) < THRESHOLD)
    for cell, count in zip(row.parts, parts, strict=True):
        assert cell.shown != EXACT or cell.value == count >= THRESHOLD
        assert (cell.shown == SMALL) == (count < THRESHOLD)


@given(st.lists(st.integers(THRESHOLD, 1000), min_size=1, max_size=6))
def test_nothing_is_withheld_where_nothing_is_small(parts):
    assert shown(suppress_small_counts(parts)) == [sum(parts), *parts]
