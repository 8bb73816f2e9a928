"""Working-day calendars: the package `holidays`, with official notices laid over it.

The package guesses future Chinese years without a warning and lacks their make-up days; it cuts
an aware datetime without a change of zone; `GB` without a nation misses bank holidays; `US-CA`
mixes days that are not holidays of the state; in Hungary and Latvia it takes for holidays the days
off that a government has moved. So: only plain dates are asked for, Chinese years are certain only
with a notice, `GB` means what all four nations share, California is by rule, and in the European
Economic Area a moved day changes nothing: by Regulation 1182/71 the days off are the designated
holidays, and a Saturday is never a working day. New Zealand's Privacy Act has days of its own.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path

import holidays

from workflows.regimes.deadlines.values import Calendar

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6

_FOLDER = Path(__file__).parent / "public_holidays"
# Where the state announces the days of a year shortly before it; elsewhere statute fixes them.
_ANNOUNCED_YEARLY = frozenset({"CN"})
_BRITISH_NATIONS = ("GB-ENG", "GB-WLS", "GB-SCT", "GB-NIR")
# The package says more years than its tables hold, and warns when one of the others is asked for.
_YEARS_OF_TABLES = {"IN": range(2001, 2036)}
_NOT_USABLE = frozenset({"US-CA"})
# fmt: off
_EUROPEAN_ECONOMIC_AREA = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI",
    "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU",
    "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on


def core_holidays(year: int) -> frozenset[date]:
    """Return the days off that California and the United States have in common."""
    new_year, independence = date(year, 1, 1), date(year, 7, 4)
    veterans, christmas = date(year, 11, 11), date(year, 12, 25)
    days = {
        new_year,
        nth_weekday(year, 1, _MONDAY, 3),
        nth_weekday(year, 2, _MONDAY, 3),
        nth_weekday(year, 6, _MONDAY, 1) - 7 * _DAY,
        date(year, 6, 19),
        independence,
        nth_weekday(year, 9, _MONDAY, 1),
        veterans,
        nth_weekday(year, 11, _THURSDAY, 4),
        christmas,
    }
    days |= {
        day + _DAY
        for day in (new_year, independence, veterans, christmas)
        if day.weekday() == _SUNDAY
    }
    # A Saturday moves to Friday federally; California follows for Veterans Day alone.
    if veterans.weekday() == _SATURDAY:
        days.add(veterans - _DAY)
    return frozenset(days)


def any_holidays(year: int) -> frozenset[date]:
    """Return the days on which offices of the state or of the United States are closed."""
    chavez, juneteenth = date(year, 3, 31), date(year, 6, 19)
    days = set(core_holidays(year))
    days |= {
        chavez,
        nth_weekday(year, 10, _MONDAY, 2),
        nth_weekday(year, 11, _THURSDAY, 4) + _DAY,
    }
    days |= {day + _DAY for day in (chavez, juneteenth) if day.weekday() == _SUNDAY}
    federal = (juneteenth, date(year, 7, 4), date(year, 12, 25), date(year + 1, 1, 1))
    days |= {day - _DAY for day in federal if day.weekday() == _SATURDAY}
    return frozenset(days)


def nth_weekday(year: int, month: int, weekday: int, number: int) -> date:
    """Return the `number`-th given weekday (Monday is 0) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def privacy_act_holidays(year: int) -> frozenset[date]:
    """Return what section 7 of New Zealand's Privacy Act 2020 takes out of the working days.

    The national holidays, and 25 December to 15 January. Anniversaries of provinces are working
    days.
    """
    days = {*_by_package("NZ", year)}
    days |= {date(year, 1, number) for number in range(1, 16)}
    days |= {date(year, 12, number) for number in range(25, 32)}
    return frozenset(days)


_BY_RULE = {
    "US-CA-core": core_holidays,
    "US-CA-any": any_holidays,
    "NZ-act": privacy_act_holidays,
}


class UnknownRegionError(LookupError):
    """No calendar is known under this code."""


@dataclass(frozen=True, slots=True)
class HolidayNotice:
    """The days off and the extra working days that one announcement fixes for a year.

    Days of a neighbouring year may be among them. `official` False: a forecast of the provider.
    """

    region: str
    year: int
    days_off: frozenset[date]
    extra_working_days: frozenset[date]
    official: bool
    source: str


def build_calendar(
    region: str,
    first_year: int,
    last_year: int,
    notices: Iterable[HolidayNotice] = (),
    *,
    moved_days: bool = False,
) -> Calendar:
    """Return the calendar of `region` for whole years.

    `region`: `none` (weekends only), an ISO 3166 code with or without subdivision, `US-CA-core`
    (days off both in California and federally), `US-CA-any` (either) or `NZ-act` (working days of
    the Privacy Act 2020). A notice replaces what the package says of its year. With `moved_days`
    the days off that a government has moved count as holidays where they otherwise do not, in the
    European Economic Area. Raises UnknownRegionError.
    """
    if region == "none":
        return Calendar(name=region, version="weekends only")
    by_year = {notice.year: notice for notice in notices if notice.region == region}
    days_off: set[date] = set()
    extra: set[date] = set()
    official: set[int] = set()
    for year in range(first_year, last_year + 1):
        notice = by_year.get(year)
        if notice is not None:
            days_off |= notice.days_off
            if not ignores_moved_days(region):
                extra |= notice.extra_working_days
        else:
            days_off |= _computed_days_off(region, year)
        if moved_days:
            days_off |= _moved_days_off(region, year)
        if notice.official if notice is not None else _fixed_by_statute(region, year):
            official.add(year)
    return Calendar(
        name=region,
        days_off=frozenset(days_off - extra),
        extra_working_days=frozenset(extra),
        official_years=frozenset(official),
        version=_version(region, sorted(year for year in by_year if year in official)),
    )


def ignores_moved_days(region: str) -> bool:
    """Say whether a day moved off work, or a Saturday worked instead, changes nothing there."""
    return region.partition("-")[0] in _EUROPEAN_ECONOMIC_AREA


@cache
def has_moved_days(region: str) -> bool:
    """Say whether a government there moves days off work which do not count as holidays."""
    if not (ignores_moved_days(region) and is_known_region(region)):
        return False
    return _substituted_prefix(holidays.country_holidays(region.partition("-")[0])) != ""


# A residence comes from outside: what is remembered about it is bounded.
@lru_cache(maxsize=1024)
def is_known_region(region: str) -> bool:
    """Say whether `build_calendar` can serve the region."""
    if region == "none" or region in _BY_RULE:
        return True
    country, _, part = region.partition("-")
    supported = holidays.list_supported_countries(include_aliases=False)
    return (
        region not in _NOT_USABLE
        and country in supported
        and (not part or part in supported[country])
    )


@cache
def bundled_notices() -> tuple[HolidayNotice, ...]:
    """Return the notices that lie in `public_holidays/`, one file a region."""
    return tuple(
        HolidayNotice(
            region=path.stem,
            year=entry["year"],
            days_off=_expand(entry["days_off"]),
            extra_working_days=frozenset(entry["working_days"]),
            official=True,
            source=entry["source"],
        )
        for path in sorted(_FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["notice"]
    )


def _expand(ranges: list[str]) -> frozenset[date]:
    """Turn `first/last` ranges of ISO days into all their days."""
    days: set[date] = set()
    for text in ranges:
        first, last = map(date.fromisoformat, text.split("/"))
        days |= {first + timedelta(days=number) for number in range((last - first).days + 1)}
    return frozenset(days)


@cache
def _computed_days_off(region: str, year: int) -> frozenset[date]:
    """Return the public holidays of one year, by our rule or by the package."""
    if region in _BY_RULE:
        return _BY_RULE[region](year)
    if region == "GB":
        return frozenset.intersection(
            *(_computed_days_off(nation, year) for nation in _BRITISH_NATIONS)
        )
    if ignores_moved_days(region):
        return _by_package(region, year) - _moved_days_off(region, year)
    return _by_package(region, year)


@cache
def _by_package(region: str, year: int) -> frozenset[date]:
    """Return all days that the package has for one year."""
    if not is_known_region(region):
        raise UnknownRegionError(f"No calendar of working days is known for {region!r}.")
    country, _, part = region.partition("-")
    if year not in _years_of_package(country):
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))


@cache
def _moved_days_off(region: str, year: int) -> frozenset[date]:
    """Return the days of one year that are off only because a government moved them."""
    country, _, part = region.partition("-")
    if region in _BY_RULE or year not in _years_of_package(country):
        return frozenset()
    package = holidays.country_holidays(country, subdiv=part or None, years=year)
    prefix = _substituted_prefix(package)
    # A day has one name for each reason why it is off.
    return frozenset(
        day
        for day in package
        if prefix and all(name.startswith(prefix) for name in package.get_list(day))
    )


def _substituted_prefix(package: holidays.HolidayBase) -> str:
    """Return how the name of a moved day begins, in the language of the package; '' for none."""
    label = getattr(package, "substituted_label", None)
    return str(package.tr(label)).partition("%s")[0] if label else ""


def _fixed_by_statute(region: str, year: int) -> bool:
    if region in _ANNOUNCED_YEARLY:
        return False
    return region in _BY_RULE or year in _years_of_package(region.partition("-")[0])


@cache
def _years_of_package(country: str) -> range:
    if country in _YEARS_OF_TABLES:
        return _YEARS_OF_TABLES[country]
    known = holidays.country_holidays(country)
    return range(known.start_year, known.end_year + 1)


@cache
def _package_version() -> str:
    return version("holidays")


def _version(region: str, noticed: list[int]) -> str:
    source = "by rule" if region in _BY_RULE else f"holidays {_package_version()}"
    years = ", ".join(map(str, noticed))
    return f"{region}: {source}" + (f", notices for {years}" if years else "")
