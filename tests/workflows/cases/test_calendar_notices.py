"""When China announces the days off of a year, provisional dates become certain."""

from datetime import UTC, date, datetime

import pytest

from tests.factories import WANG, file
from workflows.cases.clocks import differing_clocks
from workflows.cases.lifecycle import State
from workflows.cases.recalculation import apply_holiday_notice
from workflows.ledger.selectors import events_of_case
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db

# Received late in December, the fifteen working days end in a year without a notice.
LATE_IN_2026 = datetime(2026, 12, 21, 2, 0, tzinfo=UTC)


def announce_2027() -> tuple[int, ...]:
    return apply_holiday_notice(
        region="CN",
        year=2027,
        source="An invented notice of the State Council",
        loaded_by="staff-officer",
        days_off=[date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3), date(2027, 1, 11)],
        extra_working_days=[],
    )


def test_a_notice_makes_the_date_certain_and_is_an_event():
    case = file(WANG, at=LATE_IN_2026).case
    case.refresh_from_db()
    assert case.due_provisional
    provisional = case.due_on

    announce_2027()
    drain()

    case.refresh_from_db()
    assert not case.due_provisional
    assert case.due_on > provisional, "a working day fell away"
    event = events_of_case(case.pseudonym).get(name="clock.recomputed")
    assert event.facts["year"] == 2027
    assert f"{provisional}/provisional" in event.facts["before"].values()
    assert str(case.due_on) in event.facts["after"].values()
    assert differing_clocks(case) == []


def test_what_has_ended_is_not_touched():
    from tests.factories import walk

    case = file(WANG, at=LATE_IN_2026).case
    walk(case, State.WITHDRAWN)
    before = list(case.clocks.values("due_on", "provisional"))

    announce_2027()
    drain()

    assert list(case.clocks.values("due_on", "provisional")) == before


def test_the_same_notice_twice_changes_nothing():
    case = file(WANG, at=LATE_IN_2026).case
    announce_2027()
    drain()

    assert announce_2027() == ()
    drain()

    assert events_of_case(case.pseudonym).filter(name="clock.recomputed").count() == 1
