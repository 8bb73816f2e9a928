"""Announced working days in the table, and what a new notice changes."""

from datetime import date, datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from workflows.regimes import services
from workflows.regimes.calendars import UnknownRegionError, bundled_notices
from workflows.regimes.deadlines.values import ClockEvent
from workflows.regimes.models import BusinessCalendar

pytestmark = pytest.mark.django_db

NEW_YEAR_2027 = {
    "region": "CN",
    "year": 2027,
    "source": "notice of the State Council",
    "loaded_by": "privacy officer",
    "days_off": [date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3)],
    "extra_working_days": [date(2027, 1, 9)],
}


def received(at: str) -> list[ClockEvent]:
    return [ClockEvent("received", datetime.fromisoformat(at))]


def kept():
    return {(row.region, row.year): row.as_notice() for row in BusinessCalendar.objects.all()}


def test_a_new_database_holds_the_bundled_notices():
    shipped = {(notice.region, notice.year): notice for notice in bundled_notices()}
    assert kept() == shipped

    BusinessCalendar.objects.all().delete()
    call_command("migrate", verbosity=0)

    assert kept() == shipped


def test_a_migration_loads_nothing_where_there_are_notices():
    BusinessCalendar.objects.filter(year=2026).delete()
    services.save_holiday_notice(**NEW_YEAR_2027)
    before = kept()

    call_command("migrate", verbosity=0)

    assert kept() == before


def test_a_region_has_one_row_a_year():
    with pytest.raises(IntegrityError), transaction.atomic():
        BusinessCalendar.objects.create(region="CN", year=2026, source="x", loaded_by="x")


def test_a_date_is_provisional_until_the_notice_is_loaded():
    regime = services.get_regime("CN")
    events = received("2026-12-21T10:00+08:00")

    before = services.compute(regime, "response_15wd", events, "CN")
    changed = services.save_holiday_notice(**NEW_YEAR_2027)
    after = services.compute(regime, "response_15wd", events, "CN")

    assert changed == (2027,)
    assert (before.due_on, before.provisional_on) == (None, date(2027, 1, 12))
    assert (after.due_on, after.provisional_on) == (date(2027, 1, 11), None)


def test_loading_the_same_notice_again_changes_nothing():
    services.save_holiday_notice(**NEW_YEAR_2027)

    assert services.save_holiday_notice(**NEW_YEAR_2027) == ()


def test_a_corrected_notice_says_which_years_change():
    services.save_holiday_notice(**NEW_YEAR_2027)

    changed = services.save_holiday_notice(
        **{**NEW_YEAR_2027, "days_off": [*NEW_YEAR_2027["days_off"], date(2026, 12, 31)]}
    )

    assert changed == (2026, 2027)


def test_a_forecast_stays_provisional():
    services.save_holiday_notice(**NEW_YEAR_2027, status=BusinessCalendar.Status.PROVISIONAL)

    deadline = services.compute(
        services.get_regime("CN"), "response_15wd", received("2026-12-21T10:00+08:00"), "CN"
    )

    assert deadline.provisional_on == date(2027, 1, 11)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"region": "ZZ"}, UnknownRegionError),
        ({"region": "none"}, UnknownRegionError),
        ({"extra_working_days": [date(2027, 1, 1)]}, ValueError),
        ({"days_off": [date(2029, 1, 1)]}, ValueError),
    ],
)
def test_a_notice_that_cannot_be_is_refused(change, error):
    with pytest.raises(error):
        services.save_holiday_notice(**{**NEW_YEAR_2027, **change})

    assert not BusinessCalendar.objects.filter(year=2027).exists()


def test_all_clocks_of_a_case_cost_one_query(django_assert_num_queries):
    regime = services.get_regime("US-CA")

    with django_assert_num_queries(1):
        deadlines = services.compute_all(
            regime, received("2026-06-26T09:00-07:00"), "US-CA", ["acknowledge", "response"]
        )

    assert deadlines["acknowledge"].due_on == date(2026, 7, 10)
    assert deadlines["acknowledge"].latest_arguable == date(2026, 7, 13)
    assert deadlines["response"].due_on == date(2026, 8, 10)


def test_a_calendar_can_be_had_for_a_page():
    calendar = services.calendar_for("CN", 2026, 2027)

    assert not calendar.is_working_day(date(2026, 10, 1))
    assert not calendar.is_official(2027)
    with pytest.raises(UnknownRegionError):
        services.calendar_for("ZZ", 2026, 2027)


def test_a_clock_the_regime_does_not_have_is_refused():
    with pytest.raises(services.UnknownClockError):
        services.compute(services.get_regime("BR"), "opt_out", [], "BR")
