"""The bars of the landing page: drawn by the server, true to the figures."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from requests_portal.staff.charts import FOOT, HEIGHT, WIDTH, weekly_chart, weeks_until

WEEKS = weeks_until(date(2026, 11, 25), 4)


def test_weeks_are_mondays_and_end_with_the_present_one() -> None:
    assert [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)] == WEEKS


def test_the_highest_figure_fills_the_height_and_others_are_in_proportion() -> None:
    chart = weekly_chart(WEEKS, {WEEKS[0]: 4, WEEKS[1]: 2}, {WEEKS[0]: 1})
    first, second, third, _fourth = chart.weeks
    assert chart.highest == 4
    assert first.received_bar.height == HEIGHT - FOOT
    assert second.received_bar.height == (HEIGHT - FOOT) / 2
    assert first.ended_bar.height == (HEIGHT - FOOT) / 4
    assert (third.received, third.received_bar.height) == (0, 0)


def test_weeks_without_any_case_draw_flat_bars() -> None:
    assert all(week.received_bar.height == 0 for week in weekly_chart(WEEKS, {}, {}).weeks)


@given(
    st.lists(st.integers(0, 100_000), min_size=12, max_size=12),
    st.lists(st.integers(0, 100_000), min_size=12, max_size=12),
)
def test_no_bar_leaves_the_drawing_or_touches_another(received, ended) -> None:
    weeks = weeks_until(date(2026, 11, 25), 12)
    chart = weekly_chart(
        weeks, dict(zip(weeks, received, strict=True)), dict(zip(weeks, ended, strict=True))
    )
    bars = [bar for week in chart.weeks for bar in (week.received_bar, week.ended_bar)]
    for bar in bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= HEIGHT - FOOT
    assert all(left.x + left.width <= right.x for left, right in pairwise(bars))
    assert all(b - a == timedelta(days=7) for a, b in pairwise(weeks))
