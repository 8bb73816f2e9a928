"""A question so late that it would restart the time is named, and staff are told."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from workflows.regimes.deadlines.calculator import calculate
from workflows.regimes.deadlines.values import Calendar, ClockEvent, ClockRule, Deadline
from workflows.regimes.explain import warnings

LONDON = ZoneInfo("Europe/London")
RULE = ClockRule("response", "months", 1, starts=("received", "identity_proved", "fee_paid"))


def at(day: int, month: int = 9) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=LONDON)


def asked(day: int, month: int = 9) -> Deadline:
    events = [
        ClockEvent("received", at(1)),
        ClockEvent("identity_asked", at(day, month)),
        ClockEvent("identity_proved", at(5, 10)),
    ]
    return calculate(RULE, events, Calendar("none"), "Europe/London")


@pytest.mark.parametrize(("day", "late"), [(1, False), (16, False), (17, True), (30, True)])
def test_a_question_in_the_second_half_of_the_time_restarts_it_and_is_flagged(day, late):
    deadline = asked(day)

    assert deadline.due_on.isoformat() == "2026-11-05"
    assert ("question_asked_late" in deadline.flags) is late
    assert bool(warnings(deadline)) is late


def test_one_after_the_end_restarts_nothing():
    deadline = asked(2, month=10)

    assert deadline.due_on.isoformat() == "2026-10-01"
    assert "question_asked_late" in deadline.flags


def test_the_sentence_names_the_day_and_the_end():
    [sentence] = warnings(asked(20))

    assert sentence == (
        "Proof of identity was requested on Sunday, 20 September 2026, when more than half of the"
        " time until Thursday, 1 October 2026 had passed: the time counts anew from the day of the"
        " proof."
    )
