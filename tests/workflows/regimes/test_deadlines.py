"""Rule, zone and calendar brought together for a place."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.regimes.calendars import bundled_notices
from workflows.regimes.deadlines.values import EVENT_NAMES, ClockEvent
from workflows.regimes.registry import all_regimes, get_regime
from workflows.regimes.services import deadlines_at


def due(residence: str, received: str, code: str = "EU") -> date | None:
    regime = get_regime(code)
    events = [ClockEvent("received", datetime.fromisoformat(received))]
    found = deadlines_at(regime, [regime.lead], events, residence, lambda _: bundled_notices())
    return found[regime.lead].due_on


def test_the_place_brings_its_calendar():
    assert due("DE-BY", "2026-12-06T08:00+01:00") == date(2027, 1, 7)
    assert due("DE-BE", "2026-12-06T08:00+01:00") == date(2027, 1, 6)
    assert due("DE", "2026-12-06T08:00+01:00") == date(2027, 1, 6)


def test_the_place_brings_its_zone():
    assert due("FR", "2026-06-30T23:00+00:00") == date(2026, 8, 3)
    assert due("FR-973", "2026-06-30T23:00+00:00") == date(2026, 7, 30)


def test_a_law_counts_in_a_region_whose_days_are_far_in_the_future():
    assert due("DE-BE", "2060-04-01T08:00+02:00") == date(2060, 5, 3)


CASES = [(regime.code, kind) for regime in all_regimes() for kind in regime.clocks]
INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28), timezones=st.just(UTC))
SPANS = st.timedeltas(timedelta(0), timedelta(days=700))


@settings(deadline=None)
@given(
    st.sampled_from(CASES),
    INSTANTS,
    st.lists(st.tuples(st.sampled_from(sorted(EVENT_NAMES)), SPANS), max_size=5),
)
def test_every_shipped_clock_answers_whatever_happened_whenever(case, first, happened):
    regime, kind = get_regime(case[0]), case[1]
    last = datetime.max.replace(tzinfo=UTC)
    events = [ClockEvent(name, first + min(span, last - first)) for name, span in happened]

    deadline = deadlines_at(regime, [kind], events, "", lambda _: bundled_notices())[kind]

    assert deadline.kind == kind
    assert deadline.due_on or deadline.flags
