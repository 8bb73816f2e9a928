"""The table of announced working days: read for a calendar, written when a notice comes out."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from workflows.regimes.calendars import (
    Notice,
    UnknownRegionError,
    build_calendar,
    is_known_region,
)
from workflows.regimes.models import BusinessCalendar
from workflows.regimes.values import Calendar


def stored_notices(regions: Iterable[str]) -> tuple[Notice, ...]:
    """Return the rows of the regions, in one query."""
    rows = BusinessCalendar.objects.filter(region__in=set(regions))
    return tuple(row.as_notice() for row in rows)


def calendar_for(region: str, first_year: int, last_year: int) -> Calendar:
    """Return the calendar of a region for whole years, table over package.

    Raises UnknownRegionError.
    """
    return build_calendar(region, first_year, last_year, stored_notices([region]))


@transaction.atomic
def load_notice(
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
    Raises UnknownRegionError, and ValueError for days that are off and working at once or lie
    more than a year away.
    """
    if not is_known_region(region) or region == "none":
        raise UnknownRegionError(f"No calendar of working days is known for {region!r}.")
    off, extra = set(days_off), set(extra_working_days)
    if off & extra:
        raise ValueError("A day cannot be off and a working day at once.")
    if any(abs(day.year - year) > 1 for day in off | extra):
        raise ValueError(f"The days of a notice for {year} lie in that year or next to it.")
    previous = BusinessCalendar.objects.select_for_update().filter(region=region, year=year)
    before = next((row.as_notice() for row in previous), None)
    after = Notice(
        region=region,
        year=year,
        days_off=frozenset(off),
        extra_working_days=frozenset(extra),
        official=status == BusinessCalendar.Status.OFFICIAL,
        source=source,
    )
    if before == after:
        return ()
    BusinessCalendar.objects.update_or_create(
        region=region,
        year=year,
        defaults={
            "source": source,
            "loaded_by": loaded_by,
            "days_off": sorted(off),
            "extra_working_days": sorted(extra),
            "status": status,
        },
    )
    return _changed_years(before, after)


def _changed_years(before: Notice | None, after: Notice) -> tuple[int, ...]:
    """Return the year of the notice and those neighbours in which a day differs."""
    days: frozenset[date] = frozenset()
    if before is None:
        days = after.days_off | after.extra_working_days
    else:
        days = (before.days_off ^ after.days_off) | (
            before.extra_working_days ^ after.extra_working_days
        )
    return tuple(sorted({after.year} | {day.year for day in days}))
