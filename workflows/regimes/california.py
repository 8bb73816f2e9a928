"""The days that are holidays in California and federally, by rule; pure.

The regulations speak of business days and do not define them. The safe count leaves out only
days on which both the state and the federal government close (5 U.S.C. 6103; Gov. Code 6700 and
6701, the latter from memory); the generous one leaves out the days on which either does.
"""

from datetime import date, timedelta

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


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
