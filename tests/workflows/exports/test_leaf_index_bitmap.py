"""A set of places in the log: each once, rising, none beyond the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.exports.files import LeafIndexBitmap


@given(places=st.lists(st.integers(0, 99)))
def test_places_come_out_rising_and_once(places):
    found = LeafIndexBitmap(100)
    for place in places:
        found.add(place)
    assert list(found) == sorted(set(places))
    assert len(found) == len(set(places))


@pytest.mark.parametrize("place", [-1, 100])
def test_a_place_beyond_the_log_is_an_error(place):
    with pytest.raises(IndexError):
        LeafIndexBitmap(100).add(place)
