"""What an export is narrowed to."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.cases.lifecycle import State
from workflows.common.errors import InvalidInput
from workflows.oversight.filters import BundleFilters, zone_of

DAYS = st.none() | st.dates()
FILTERS = st.builds(
    BundleFilters,
    since=DAYS,
    until=DAYS,
    states=st.lists(st.sampled_from(list(State)), unique=True).map(tuple),
    case=st.text(),
    identity_reason=st.text(),
)


@given(FILTERS)
def test_filters_survive_the_job(filters):
    assert BundleFilters.from_json(filters.to_json()) == filters


def test_nothing_chosen_leaves_nothing_out():
    assert not BundleFilters().narrows
    assert not BundleFilters(identity_reason="x").narrows
    for chosen in ({"since": date(2026, 1, 1)}, {"states": ("closed",)}, {"case": "2026-A-B"}):
        assert BundleFilters(**chosen).narrows


def test_days_begin_and_end_in_the_zone_of_the_regime():
    filters = BundleFilters(since=date(2026, 3, 29), until=date(2026, 3, 29))
    assert filters.received_between("Europe/Berlin") == (
        datetime(2026, 3, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),  # the day on which clocks go forward
    )
    assert BundleFilters().received_between("UTC") == (None, None)


def test_each_regime_has_a_zone_and_all_together_have_utc():
    assert zone_of("CN") == "Asia/Shanghai"
    assert zone_of("") == "UTC"


@pytest.mark.parametrize(
    "filters",
    [
        BundleFilters(since=date(2026, 1, 2), until=date(2026, 1, 1)),
        BundleFilters(until=date.max),
        BundleFilters(since=date.min),
        BundleFilters(states=("gone",)),
        BundleFilters(identity_reason="x" * 201),
        BundleFilters(identity_reason="a\nb"),
    ],
)
def test_choices_that_make_no_sense_are_refused(filters):
    with pytest.raises(InvalidInput):
        filters.check()


def test_one_day_is_a_period():
    BundleFilters(since=date(2026, 1, 1), until=date(2026, 1, 1)).check()
