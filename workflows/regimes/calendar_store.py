"""The table of announced working days: read for a calendar, written when a notice comes out."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.db import transaction
from django.utils.translation import gettext as _

from workflows.regimes.calendars import (
    HolidayNotice,
    UnknownRegionError,
    build_calendar,
    bundled_notices,
    is_known_region,
)
from workflows.regimes.deadlines.values import Calendar
from workflows.regimes.models import BusinessCalendar

# Saturday and Sunday, Monday being 0.
_WEEKEND = frozenset({5, 6})


def stored_notices(regions: Iterable[str]) -> tuple[HolidayNotice, ...]:
    """Return the rows of the regions, in one query."""
    rows = BusinessCalendar.objects.filter(region__in=set(regions))
    return tuple(row.as_notice() for row in rows)


def calendar_for(region: str, first_year: int, last_year: int) -> Calendar:
    """Return the calendar of a region for whole years, table over package.

    Raises UnknownRegionError.
    """
    return build_calendar(region, first_year, last_year, stored_notices([region]))


def checked_notice(
    *,
    region: str,
    year: int,
    source: str,
    days_off: Iterable[date],
    extra_working_days: Iterable[date] = (),
    status: str = BusinessCalendar.Status.OFFICIAL,
) -> HolidayNotice:
    """Return a notice as a value, not stored.

    Raises UnknownRegionError, and ValueError for days that are off and working at once, that lie
    more than a year away, or that need no notice to be worked on.
    """
    if not is_known_region(region) or region == "none":
        raise UnknownRegionError(f"No calendar of working days is known for {region!r}.")
    off, extra = frozenset(days_off), frozenset(extra_working_days)
    if off & extra:
        raise ValueError(_("A day cannot be off and a working day at once."))
    if any(abs(day.year - year) > 1 for day in off | extra):
        raise ValueError(
            _("The days of a notice for %(year)s lie in that year or next to it.") % {"year": year}
        )
    weekdays = sorted(day for day in extra if day.weekday() not in _WEEKEND)
    if weekdays:
        raise ValueError(
            _("%(day)s is no day of a weekend: people work on it without a notice.")
            % {"day": weekdays[0].isoformat()}
        )
    return HolidayNotice(
        region=region,
        year=year,
        days_off=off,
        extra_working_days=extra,
        official=status == BusinessCalendar.Status.OFFICIAL,
        source=source,
    )


@transaction.atomic
def save_holiday_notice(
    *,
    region: str,
    year: int,
    source: str,
    loaded_by: str,
    days_off: Iterable[date],
    extra_working_days: Iterable[date] = (),
    status: str = BusinessCalendar.Status.OFFICIAL,
) -> tuple[int, ...]:
    """Keep the announced days of a year and return the years whose dates may change with it.

    The caller recomputes the open clocks of the regimes that count in `region`; closed ones keep
    what was stored with them. Loading the same notice again changes nothing and returns ().
    Raises what `checked_notice` raises.
    """
    after = checked_notice(
        region=region,
        year=year,
        source=source,
        days_off=days_off,
        extra_working_days=extra_working_days,
        status=status,
    )
    previous = BusinessCalendar.objects.select_for_update().filter(region=region, year=year)
    before = next((row.as_notice() for row in previous), None)
    if before == after:
        return ()
    BusinessCalendar.objects.update_or_create(
        region=region,
        year=year,
        defaults={
            "source": source,
            "loaded_by": loaded_by,
            "days_off": sorted(after.days_off),
            "extra_working_days": sorted(after.extra_working_days),
            "status": status,
        },
    )
    return _changed_years(before, after)


def load_bundled_notices(*, apps: Apps = installed, using: str = "default", **_: Any) -> None:
    """Keep the notices that come with the portal, where there are none yet; after each migration.

    A table that holds some is left as it is: dates of open cases were computed with it, and whoever
    loads a notice is shown first which of them move.
    """
    try:
        table = apps.get_model("regimes", "BusinessCalendar").objects.using(using)
    except LookupError:
        return
    if not table.exists():
        table.bulk_create(
            table.model(
                region=notice.region,
                year=notice.year,
                status=BusinessCalendar.Status.OFFICIAL,
                days_off=sorted(notice.days_off),
                extra_working_days=sorted(notice.extra_working_days),
                source=notice.source,
                loaded_by="migrate",
            )
            for notice in bundled_notices()
        )


def _changed_years(before: HolidayNotice | None, after: HolidayNotice) -> tuple[int, ...]:
    """Return the year of the notice and those neighbours in which a day differs."""
    days: frozenset[date] = frozenset()
    if before is None:
        days = after.days_off | after.extra_working_days
    else:
        days = (before.days_off ^ after.days_off) | (
            before.extra_working_days ^ after.extra_working_days
        )
    return tuple(sorted({after.year} | {day.year for day in days}))
