"""How long a person has to pay a fee, and when that time is over.

Days are those of the zone in which the law counts the person's time.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from workflows.cases.models import Case, Clock
from workflows.cases.models.clock import is_free_in_part

# Where the time to answer runs on meanwhile, this much of it is left for a refusal …
LEFT_TO_REFUSE = timedelta(days=3)
# … but who is asked for money always has this long to decide.
LEAST = timedelta(days=14)


def today_for(case: Case, now: datetime | None = None) -> date:
    """Return the day that it is where the law counts the days of this case."""
    zone = ZoneInfo(case.lead_regime.place(case.residence).zone)
    return timezone.localdate(now, zone)


def last_day_to_pay(today: date, answer_by: date | None) -> date:
    """Return the last day on which a fee can be paid that is asked for `today`.

    It is the provider's period (`FEE_PERIOD_DAYS`). Where the answer is due on `answer_by`
    whatever becomes of the fee, the period is cut so that an answer can still be in time.
    """
    last = today + timedelta(days=settings.FEE_PERIOD_DAYS)
    if answer_by is None:
        return last
    return min(last, max(today + LEAST, answer_by - LEFT_TO_REFUSE))


def answer_due_meanwhile(case: Case) -> date | None:
    """Return the day by which to answer if the time runs on while a fee is outstanding."""
    days = [
        clock.due_on
        for clock in case.clocks.all()
        if clock.leads and clock.state == Clock.State.RUNNING and clock.due_on
    ]
    return min(days, default=None)


def fee_fits(case: Case, now: datetime | None = None) -> bool:
    """Return whether a fee can still be asked for without making the answer late.

    The time of a request that costs as a whole may wait for the fee. That of one which is free in
    part does not: it must leave the least time to decide, and the time to answer after it.
    """
    answer_by = answer_due_meanwhile(case)
    if answer_by is None or not is_free_in_part(case, case.lead_regime):
        return True
    return today_for(case, now) + LEAST <= answer_by - LEFT_TO_REFUSE


def fee_time_is_over(case: Case, now: datetime | None = None) -> bool:
    """Return whether a fee was asked for and the last day to pay it has gone by."""
    return case.fee_due_on is not None and today_for(case, now) > case.fee_due_on
