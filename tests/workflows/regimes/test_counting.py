"""Counting days, working days and months."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.regimes.deadlines.counting import (
    Pause,
    add_months,
    count_days,
    count_months,
    count_working_days,
    merge_pauses,
    roll_to_working_day,
)
from workflows.regimes.deadlines.values import Calendar

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
WEEKENDS = Calendar("none")
MONDAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 28), 1, date(2026, 2, 28)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 5, 15), 0, date(2026, 5, 15)),
    ],
)
def test_months_keep_the_day_number_or_end_with_a_short_month(start, months, end):
    assert add_months(start, months) == end


def test_months_beyond_the_calendar_overflow():
    with pytest.raises(OverflowError):
        add_months(date(9999, 12, 1), 1)


def test_the_first_day_is_day_one_only_when_counted():
    assert count_days(MONDAY, 30, first_day_counted=False) == date(2026, 7, 1)
    assert count_days(MONDAY, 30, first_day_counted=True) == date(2026, 6, 30)
    assert count_months(MONDAY, 1, first_day_counted=False) == date(2026, 7, 1)
    assert count_months(MONDAY, 1, first_day_counted=True) == date(2026, 6, 30)
    assert count_months(date(2026, 1, 31), 1, first_day_counted=True) == date(2026, 2, 28)


def test_working_days_leave_out_weekends_and_holidays_and_count_make_up_days():
    calendar = Calendar(
        "x",
        days_off=frozenset({date(2026, 6, 3)}),
        extra_working_days=frozenset({date(2026, 6, 6)}),
    )

    found = count_working_days(MONDAY, 5, calendar, first_day_counted=False)

    # Tue 2, Thu 4, Fri 5, Sat 6 (made up), Mon 8.
    assert found.end == date(2026, 6, 8)
    assert found.holidays == (date(2026, 6, 3),)
    assert found.extra == (date(2026, 6, 6),)


def test_working_days_start_on_the_first_day_only_when_counted():
    assert count_working_days(MONDAY, 1, WEEKENDS, first_day_counted=True).end == MONDAY
    assert count_working_days(MONDAY, 0, WEEKENDS, first_day_counted=False).end == MONDAY


def test_working_days_pass_over_a_pause():
    pause = Pause(date(2026, 6, 2), date(2026, 6, 4))

    found = count_working_days(MONDAY, 2, WEEKENDS, first_day_counted=False, pauses=[pause])

    assert found.end == date(2026, 6, 5)


def test_a_last_day_rolls_to_the_next_working_day():
    assert roll_to_working_day(date(2026, 6, 6), WEEKENDS) == date(2026, 6, 8)
    assert roll_to_working_day(MONDAY, WEEKENDS) == MONDAY


def test_overlapping_pauses_are_one_and_days_before_the_start_do_not_count():
    pauses = [
        Pause(date(2026, 6, 8), date(2026, 6, 12)),
        Pause(date(2026, 5, 1), date(2026, 5, 4)),
        Pause(date(2026, 5, 28), date(2026, 6, 3)),
        Pause(date(2026, 6, 10), date(2026, 6, 14), "fee_paid"),
    ]

    assert merge_pauses(pauses, MONDAY) == (
        Pause(MONDAY, date(2026, 6, 3)),
        Pause(date(2026, 6, 8), date(2026, 6, 14), "fee_paid"),
    )


@settings(deadline=None)
@given(DAYS, st.integers(0, 600))
def test_adding_months_lands_in_the_right_month_and_never_past_the_day_number(day, months):
    end = add_months(day, months)

    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day <= day.day
    assert end.day == day.day or (end + timedelta(days=1)).day == 1


@settings(deadline=None)
@given(DAYS, st.integers(1, 80), st.frozensets(DAYS, max_size=30), st.frozensets(DAYS, max_size=30))
def test_between_start_and_end_lie_exactly_as_many_working_days_as_asked_for(
    day, amount, off, extra
):
    calendar = Calendar("x", days_off=off, extra_working_days=extra)

    end = count_working_days(day, amount, calendar, first_day_counted=False).end

    between = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert sum(map(calendar.is_working_day, between)) == amount
    assert calendar.is_working_day(end)
