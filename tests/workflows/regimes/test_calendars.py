"""Working-day calendars: the package, its traps, and the notices laid over it."""

from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.regimes.calendars import (
    HolidayNotice,
    UnknownRegionError,
    any_holidays,
    build_calendar,
    bundled_notices,
    core_holidays,
    has_moved_days,
    is_known_region,
)
from workflows.regimes.deadlines.counting import count_working_days
from workflows.regimes.registry import get_regime


def days_off(region: str, year: int) -> set[date]:
    return {day for day in build_calendar(region, year, year).days_off if day.year == year}


class TestChina:
    CALENDAR = build_calendar("CN", 2023, 2028, bundled_notices())

    def test_only_years_with_a_notice_are_official(self):
        assert [y for y in range(2023, 2029) if self.CALENDAR.is_official(y)] == [2024, 2025, 2026]

    def test_make_up_days_are_working_days(self):
        assert self.CALENDAR.is_working_day(date(2026, 2, 14))
        assert not self.CALENDAR.is_working_day(date(2026, 2, 16))
        assert len(self.CALENDAR.extra_working_days) == 19

    def test_every_announced_day_agrees_with_the_package(self):
        package = holidays.country_holidays("CN", years=range(2023, 2028))
        days = [date(2024, 1, 1) + timedelta(days=n) for n in range(3 * 365 + 1)]

        assert [
            day for day in days if package.is_working_day(day) != self.CALENDAR.is_working_day(day)
        ] == []

    @settings(deadline=None)
    @given(st.dates(date(2024, 1, 1), date(2026, 9, 30)), st.integers(1, 20))
    def test_counting_agrees_with_the_package(self, day, amount):
        package = holidays.country_holidays("CN", years=range(2023, 2028))

        ours = count_working_days(day, amount, self.CALENDAR, first_day_counted=False).end

        assert ours == package.get_nth_working_day(day, amount)

    def test_the_version_says_what_the_calendar_was_made_of(self):
        assert self.CALENDAR.version.startswith("CN: holidays ")
        assert self.CALENDAR.version.endswith(", notices for 2024, 2025, 2026")


class TestNotices:
    def test_a_notice_replaces_what_the_package_says_of_its_year_only(self):
        notice = HolidayNotice(
            "GB-ENG", 2027, frozenset({date(2027, 6, 1)}), frozenset(), True, "decree"
        )

        calendar = build_calendar("GB-ENG", 2026, 2028, [notice])

        assert {day for day in calendar.days_off if day.year == 2027} == {date(2027, 6, 1)}
        assert not calendar.is_working_day(date(2026, 12, 25))

    def test_a_forecast_makes_its_year_uncertain(self):
        notice = HolidayNotice("GB-ENG", 2027, frozenset(), frozenset(), False, "our guess")

        calendar = build_calendar("GB-ENG", 2026, 2028, [notice])

        assert [y for y in (2026, 2027, 2028) if calendar.is_official(y)] == [2026, 2028]

    def test_notices_of_other_regions_are_not_taken(self):
        assert build_calendar("CN", 2026, 2026, []).official_years == frozenset()
        assert not build_calendar("DE", 2026, 2026, bundled_notices()).extra_working_days


class TestRegions:
    def test_a_year_nobody_asked_for_is_not_certain(self):
        assert not build_calendar("DE-BE", 2026, 2027).is_official(2028)

    def test_the_nations_of_the_united_kingdom_differ(self):
        easter_monday, summer = date(2026, 4, 6), date(2026, 8, 31)

        assert {easter_monday, summer} <= days_off("GB-ENG", 2026)
        assert not {easter_monday, summer} & days_off("GB-SCT", 2026)

    def test_without_a_nation_only_shared_bank_holidays_count(self):
        nations = [days_off(f"GB-{nation}", 2026) for nation in ("ENG", "WLS", "SCT", "NIR")]

        assert days_off("GB", 2026) == set.intersection(*nations)
        assert date(2026, 12, 25) in days_off("GB", 2026)

    def test_the_land_matters(self):
        assert date(2027, 1, 6) in days_off("DE-BY", 2027)
        assert date(2027, 1, 6) not in days_off("DE-BE", 2027)

    def test_none_knows_weekends_only_and_every_year(self):
        calendar = build_calendar("none", 2026, 2026)

        assert calendar.is_working_day(date(2026, 12, 25))
        assert not calendar.is_working_day(date(2026, 12, 26))
        assert calendar.is_official(1800)

    @pytest.mark.parametrize("region", ["ZZ", "DE-XX", "", "US-CA", "cn"])
    def test_an_unknown_region_is_refused(self, region):
        assert not is_known_region(region)
        with pytest.raises(UnknownRegionError):
            build_calendar(region, 2026, 2026)


class TestMovedDays:
    """In the European Economic Area a day that a government moves changes nothing."""

    @pytest.mark.parametrize(
        ("region", "moved"),
        [
            ("HU", {date(2026, 1, 2), date(2026, 8, 21)}),
            ("LV", {date(2026, 1, 2), date(2026, 6, 22)}),
        ],
    )
    def test_a_moved_day_off_is_a_working_day_but_for_the_generous_reading(self, region, moved):
        assert not moved & days_off(region, 2026)
        generous = build_calendar(region, 2026, 2026, moved_days=True).days_off
        assert {day for day in generous if day.year == 2026} == days_off(region, 2026) | moved

    def test_christmas_eve_is_a_holiday_in_hungary_from_2026_on(self):
        assert date(2025, 12, 24) not in days_off("HU", 2025)
        assert date(2026, 12, 24) in days_off("HU", 2026)

    def test_a_day_that_latvian_law_itself_moves_stays_off(self):
        assert {date(2025, 5, 5), date(2023, 11, 20)} <= {
            *days_off("LV", 2025),
            *days_off("LV", 2023),
        }

    def test_a_saturday_worked_instead_is_no_working_day(self):
        notice = HolidayNotice(
            "HU", 2026, frozenset({date(2026, 1, 1)}), frozenset({date(2026, 1, 10)}), True, "x"
        )

        assert not build_calendar("HU", 2026, 2026, [notice]).is_working_day(date(2026, 1, 10))

    def test_only_hungary_and_latvia_have_such_days(self):
        with_moved = {
            region
            for region in get_regime("EU").places
            if region != "EU"
            for year in range(2024, 2028)
            if build_calendar(region, year, year, moved_days=True).days_off
            != build_calendar(region, year, year).days_off
        }

        assert with_moved == {"HU", "LV"}
        assert not has_moved_days("CN")


class TestNewZealand:
    def test_working_days_are_those_of_the_privacy_act(self):
        calendar = build_calendar("NZ-act", 2026, 2027)

        assert not calendar.is_working_day(date(2026, 12, 29))
        assert not calendar.is_working_day(date(2027, 1, 15))
        assert calendar.is_working_day(date(2027, 1, 18))
        assert calendar.is_working_day(date(2027, 1, 25))
        assert calendar.is_working_day(date(2027, 2, 1))  # the anniversary of Auckland
        assert not calendar.is_working_day(date(2027, 2, 8))  # Waitangi Day, moved to Monday

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (date(2026, 12, 10), date(2027, 1, 29)),
            (date(2027, 1, 20), date(2027, 2, 18)),
        ],
    )
    def test_twenty_of_them_pass_over_the_summer(self, start, end):
        calendar = build_calendar("NZ-act", 2026, 2027)

        assert count_working_days(start, 20, calendar, first_day_counted=False).end == end


class TestCalifornia:
    @pytest.mark.parametrize(
        ("year", "moved"),
        [
            (2023, {date(2023, 1, 2), date(2023, 11, 10)}),
            (2026, set()),
            (2027, {date(2027, 7, 5)}),
            (2028, {date(2028, 11, 10)}),
        ],
    )
    def test_only_moves_that_state_and_federation_share_are_off(self, year, moved):
        days = core_holidays(year)

        assert len(days) == 10 + len(moved)
        assert moved <= days

    def test_the_generous_count_knows_the_days_of_either(self):
        assert any_holidays(2026) - core_holidays(2026) == {
            date(2026, 3, 31),
            date(2026, 7, 3),
            date(2026, 10, 12),
            date(2026, 11, 27),
        }
        assert date(2027, 12, 31) in any_holidays(2027)

    def test_every_federal_holiday_is_among_them(self):
        for year in range(2024, 2034):
            federal = set(holidays.country_holidays("US", years=year))
            assert {day for day in federal if day.year == year} <= any_holidays(year)


def test_years_beyond_the_tables_of_the_package_are_uncertain_and_ask_it_nothing():
    calendar = build_calendar("IN-KA", 2035, 2036)

    assert calendar.is_official(2035)
    assert not calendar.is_official(2036)
