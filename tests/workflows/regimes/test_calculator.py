"""The calculator: start, count, clip, pause, roll, extend; and what holds for every rule."""

import os
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.regimes.deadlines.calculator import calculate
from workflows.regimes.deadlines.values import (
    EVENT_NAMES,
    AlternativeReading,
    Calendar,
    ClockEvent,
    ClockRule,
    Deadline,
    Extension,
    PauseRule,
    PublishedPromise,
    Target,
)

LONDON = "Europe/London"
WEEKENDS = Calendar("none")
CLARIFICATION = PauseRule("clarification_asked", "clarification_answered", "both_ends")
MONTH = ClockRule(
    "response",
    "months",
    1,
    roll=True,
    starts=("received", "identity_proved", "fee_paid"),
    pauses=(CLARIFICATION,),
    extension=Extension(3, "extended_response", (Target("policy", "days", 80),)),
)
TEN_DAYS = ClockRule("acknowledge", "working_days", 10, pauses=(CLARIFICATION,))


def at(day: str, hour: int = 10) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), ZoneInfo(LONDON)).replace(
        hour=hour
    )


def on(rule: ClockRule, calendar: Calendar = WEEKENDS, **days: str) -> Deadline:
    """Reckon a rule; each keyword is an event and the day it happened."""
    events = [ClockEvent(name, at(day)) for name, day in days.items()]
    return calculate(rule, events, calendar, LONDON)


def codes(deadline: Deadline) -> list[str]:
    return [step.code for step in deadline.steps]


class TestStart:
    def test_a_waived_fee_starts_and_stops_nothing(self):
        deadline = on(MONTH, received="2026-05-04", fee_asked="2026-05-10", fee_waived="2026-05-12")

        assert deadline.due_on == on(MONTH, received="2026-05-04").due_on
        assert not deadline.paused

    def test_a_fee_asked_after_an_earlier_one_was_waived_counts(self):
        deadline = on(MONTH, received="2026-05-04", fee_waived="2026-05-12", fee_asked="2026-05-20")

        assert deadline.paused
        assert deadline.due_on == date(2026, 6, 22)

    @pytest.mark.parametrize("what", ["identity", "clarification", "fee"])
    def test_a_question_that_was_given_up_is_as_never_asked(self, what):
        asked = {f"{what}_asked": "2026-05-10"}
        assert on(MONTH, received="2026-05-04", **asked).paused

        deadline = on(MONTH, received="2026-05-04", **asked, **{f"{what}_waived": "2026-07-12"})

        assert deadline.due_on == on(MONTH, received="2026-05-04").due_on
        assert not deadline.paused

    def test_giving_up_a_second_question_leaves_the_answer_to_the_first(self):
        proved = {"identity_asked": "2026-05-05", "identity_proved": "2026-05-20"}
        answered = {"clarification_asked": "2026-05-22", "clarification_answered": "2026-05-24"}
        first = on(MONTH, received="2026-05-04", **proved, **answered)
        second = [
            ClockEvent(name, at(day))
            for name, day in (
                ("identity_asked", "2026-06-01"),
                ("clarification_asked", "2026-06-01"),
                ("identity_waived", "2026-06-08"),
                ("clarification_waived", "2026-06-08"),
            )
        ]
        events = [
            ClockEvent(name, at(day))
            for name, day in {"received": "2026-05-04", **proved, **answered}.items()
        ]

        assert first.due_on == date(2026, 6, 23)
        assert calculate(MONTH, [*events, *second], WEEKENDS, LONDON).due_on == first.due_on

    def test_nothing_received_is_no_deadline(self):
        deadline = calculate(MONTH, [], WEEKENDS, LONDON)

        assert deadline.flags == ("not_started",)
        assert deadline.due_on is deadline.lead_on is deadline.lead_before is None

    def test_the_latest_of_receipt_identity_and_fee_starts_the_clock(self):
        deadline = on(
            MONTH,
            received="2026-05-04",
            identity_asked="2026-05-05",
            identity_proved="2026-05-20",
            fee_asked="2026-05-05",
            fee_paid="2026-05-12",
        )

        assert deadline.due_on == date(2026, 6, 22)
        assert not deadline.paused

    def test_while_identity_is_outstanding_the_date_is_the_earliest_possible(self):
        deadline = on(MONTH, received="2026-05-04", identity_asked="2026-05-05")

        assert deadline.paused
        assert deadline.flags == ("paused",)
        assert deadline.due_on == date(2026, 6, 5)
        assert "waiting" in codes(deadline)

    def test_identity_sent_unasked_does_not_move_the_start(self):
        deadline = on(MONTH, received="2026-05-04", identity_proved="2026-05-20")

        assert deadline.due_on == date(2026, 6, 4)

    def test_a_second_question_after_the_proof_does_not_start_the_clock_again(self):
        events = [
            ClockEvent("received", at("2026-05-04")),
            ClockEvent("identity_asked", at("2026-05-05")),
            ClockEvent("identity_proved", at("2026-05-06")),
            ClockEvent("identity_asked", at("2026-05-18")),
        ]

        deadline = calculate(MONTH, events, WEEKENDS, LONDON)

        assert deadline.due_on == date(2026, 6, 8)
        assert not deadline.paused

    @pytest.mark.parametrize(
        ("asked", "answered"),
        [("identity_asked", "identity_proved"), ("fee_asked", "fee_paid")],
    )
    def test_a_question_after_the_last_day_does_not_start_the_clock_again(self, asked, answered):
        missed = on(MONTH, received="2026-06-01")
        last_day = missed.due_on.isoformat()
        later = {asked: (missed.due_on + timedelta(days=1)).isoformat()}

        for history in (later, {**later, answered: "2026-07-20"}):
            deadline = on(MONTH, received="2026-06-01", **history)
            assert deadline.due_on == missed.due_on
            assert not deadline.paused
            assert deadline.flags == ("question_asked_late",)
            assert "question_late" in codes(deadline)
        assert on(MONTH, received="2026-06-01", **{asked: last_day}).paused

    def test_a_question_within_the_extended_time_is_in_time(self):
        deadline = on(
            MONTH, received="2026-06-01", extension_told="2026-06-20", identity_asked="2026-07-20"
        )

        assert deadline.paused

    def test_a_clock_that_runs_from_the_answer(self):
        rule = ClockRule("retain_until", "months", 24, starts=("received", "answered"))

        assert on(rule, received="2026-01-05", answered="2026-02-05").due_on == date(2028, 2, 5)


class TestPause:
    def test_both_days_of_a_clarification_are_added_before_the_roll(self):
        deadline = on(
            MONTH,
            received="2026-03-02",
            clarification_asked="2026-03-06",
            clarification_answered="2026-03-16",
        )

        assert deadline.due_on == date(2026, 4, 13)

    def test_an_open_question_pauses_the_clock_by_at_least_its_day(self):
        deadline = on(MONTH, received="2026-06-01", clarification_asked="2026-06-10")

        assert deadline.paused
        assert deadline.due_on == date(2026, 7, 2)

    def test_a_question_after_the_last_day_comes_too_late(self):
        deadline = on(
            MONTH,
            received="2026-06-01",
            clarification_asked="2026-07-02",
            clarification_answered="2026-07-09",
        )

        assert deadline.due_on == date(2026, 7, 1)

    def test_a_question_on_the_rolled_last_day_is_still_in_time(self):
        # 4 June to Saturday 4 July, rolled to Monday the 6th.
        deadline = on(
            MONTH,
            received="2026-06-04",
            clarification_asked="2026-07-06",
            clarification_answered="2026-07-07",
        )

        assert deadline.due_on == date(2026, 7, 6)

    def test_an_answer_without_a_question_changes_nothing(self):
        deadline = on(MONTH, received="2026-06-01", clarification_answered="2026-06-20")

        assert deadline.due_on == date(2026, 7, 1)

    def test_a_pause_before_the_clock_starts_does_not_count(self):
        deadline = on(
            MONTH,
            received="2026-06-01",
            identity_asked="2026-06-02",
            identity_proved="2026-06-15",
            clarification_asked="2026-06-03",
            clarification_answered="2026-06-08",
        )

        assert deadline.due_on == date(2026, 7, 15)

    def test_working_days_inside_a_pause_are_passed_over(self):
        deadline = on(
            TEN_DAYS,
            received="2026-06-01",
            clarification_asked="2026-06-03",
            clarification_answered="2026-06-04",
        )

        assert deadline.due_on == date(2026, 6, 17)
        assert "paused_days_skipped" in codes(deadline)

    def test_an_open_pause_of_working_days_is_a_paused_clock(self):
        assert on(TEN_DAYS, received="2026-06-01", clarification_asked="2026-06-03").paused


class TestExtension:
    def test_three_months_from_the_start_not_two_from_the_clipped_day(self):
        rule = ClockRule("response", "months", 1, extension=Extension(3, "extended_response"))

        deadline = on(rule, received="2026-01-31", extension_told="2026-02-20")

        assert deadline.due_on == date(2026, 4, 30)

    def test_told_on_the_last_day_is_in_time_and_a_moment_later_is_not(self):
        end = at("2026-07-01", 0) + timedelta(days=1)
        received = ClockEvent("received", at("2026-06-01"))

        in_time = [received, ClockEvent("extension_told", end - timedelta(microseconds=1))]
        late = [received, ClockEvent("extension_told", end)]

        assert calculate(MONTH, in_time, WEEKENDS, LONDON).due_on == date(2026, 9, 1)
        deadline = calculate(MONTH, late, WEEKENDS, LONDON)
        assert deadline.due_on == date(2026, 7, 1)
        assert deadline.flags == ("extension_told_late",)

    def test_a_clock_that_stands_still_can_be_extended_past_its_earliest_day(self):
        deadline = on(
            MONTH,
            received="2026-06-01",
            clarification_asked="2026-06-10",
            extension_told="2026-07-20",
            clarification_answered="2026-07-29",
        )

        assert deadline.due_on == date(2026, 10, 21)
        assert deadline.flags == ()

    def test_the_targets_follow_the_extension(self):
        deadline = on(MONTH, received="2026-06-01", extension_told="2026-06-20")

        assert deadline.target_on == date(2026, 8, 20)

    def test_a_law_without_extension_ignores_the_event(self):
        deadline = on(TEN_DAYS, received="2026-06-01", extension_told="2026-06-02")

        assert deadline.due_on == date(2026, 6, 15)


class TestUncertainty:
    NOTICED = Calendar("CN", official_years=frozenset({2026}))

    def test_a_year_without_notice_makes_the_date_provisional(self):
        deadline = on(TEN_DAYS, self.NOTICED, received="2026-12-28")

        assert deadline.due_on is None
        assert deadline.provisional_on == deadline.lead_on == date(2027, 1, 11)
        assert deadline.provisional
        assert deadline.flags == ("calendar_incomplete",)
        assert deadline.ends_before == deadline.lead_before == at("2027-01-12", 0)

    def test_only_the_days_that_are_counted_must_be_announced(self):
        noticed = Calendar("CN", official_years=frozenset({2027}))

        assert on(TEN_DAYS, noticed, received="2026-12-31").due_on == date(2027, 1, 14)
        assert on(TEN_DAYS, noticed, received="2026-12-30").provisional

    def test_a_count_that_needs_no_calendar_is_certain(self):
        rule = ClockRule("response", "days", 30)

        assert on(rule, self.NOTICED, received="2026-12-28").due_on == date(2027, 1, 27)

    def test_a_roll_looks_at_the_calendar_even_if_it_does_not_move(self):
        rule = ClockRule("response", "days", 30, roll=True)

        assert on(rule, self.NOTICED, received="2026-12-28").provisional

    def test_a_law_without_a_number_has_only_targets(self):
        rule = ClockRule(
            "response",
            "working_days",
            None,
            targets=(Target("policy", "working_days", 15), Target("outer_standard", "days", 30)),
        )

        deadline = on(rule, self.NOTICED, received="2026-12-14")

        assert deadline.due_on is deadline.provisional_on is deadline.ends_before is None
        assert deadline.flags == ("no_number",)
        assert not deadline.statutory
        assert [(t.name, t.on, t.provisional) for t in deadline.targets] == [
            ("policy", date(2027, 1, 4), True),
            ("outer_standard", date(2027, 1, 13), False),
        ]
        assert deadline.lead_on == date(2027, 1, 4)
        assert deadline.lead_before == at("2027-01-05", 0)

    def test_a_date_beyond_the_calendar_is_said_not_raised(self):
        received = ClockEvent("received", datetime(9999, 12, 20, tzinfo=UTC))

        assert calculate(MONTH, [received], WEEKENDS, LONDON).flags == ("out_of_range",)

    def test_a_generous_reading_is_shown_and_never_leads(self):
        rule = ClockRule("response", "days", 30, arguable=AlternativeReading(roll=True))

        deadline = on(rule, received="2026-06-04")

        assert deadline.due_on == deadline.lead_on == date(2026, 7, 4)
        assert deadline.latest_arguable == date(2026, 7, 6)

    def test_a_generous_reading_that_changes_nothing_is_not_shown(self):
        rule = ClockRule("response", "days", 30, arguable=AlternativeReading(roll=True))

        assert on(rule, received="2026-06-01").latest_arguable is None

    def test_what_is_not_statute_says_so(self):
        promise = ClockRule("response", "days", 30, binding="promise")

        assert not on(promise, received="2026-06-01").statutory
        assert on(MONTH, received="2026-06-01").statutory


class TestZone:
    def test_the_zone_decides_the_day_of_receipt(self):
        rule = ClockRule("response", "days", 10)
        received = [ClockEvent("received", datetime(2026, 3, 31, 22, 30, tzinfo=UTC))]

        assert calculate(rule, received, WEEKENDS, "Europe/Berlin").due_on == date(2026, 4, 11)
        assert calculate(rule, received, WEEKENDS, "Etc/UTC").due_on == date(2026, 4, 10)

    def test_a_day_whose_midnight_is_skipped_ends_with_its_first_instant(self):
        # Clocks in Santiago went from 24:00 on 7 September 2024 to 01:00.
        rule = ClockRule("response", "days", 1)
        received = [ClockEvent("received", datetime(2024, 9, 6, 15, tzinfo=UTC))]

        deadline = calculate(rule, received, WEEKENDS, "America/Santiago")

        assert deadline.due_on == date(2024, 9, 7)
        assert deadline.ends_before.isoformat() == "2024-09-08T01:00:00-03:00"


def test_an_event_needs_a_known_name_and_an_aware_instant():
    with pytest.raises(ValueError, match="not a clock event"):
        ClockEvent("sneezed", at("2026-06-01"))
    with pytest.raises(ValueError, match="time zone"):
        ClockEvent("received", datetime(2026, 6, 1))


def test_a_week_needs_a_working_day():
    with pytest.raises(ValueError, match="working day"):
        Calendar("never", weekend=frozenset(range(7)))


# --- What holds for every rule --------------------------------------------------------------

ZONES = st.sampled_from(
    ["Asia/Shanghai", "Europe/London", "America/Los_Angeles", "Pacific/Apia", "Asia/Kolkata"]
)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))
PAUSES = st.sampled_from(
    [
        (),
        (CLARIFICATION,),
        (PauseRule("clarification_asked", "clarification_answered", "difference"),),
    ]
)
CALENDARS = st.builds(
    Calendar,
    name=st.just("x"),
    days_off=st.frozensets(st.dates(date(1990, 1, 1), date(2085, 1, 1)), max_size=40),
    extra_working_days=st.frozensets(st.dates(date(1990, 1, 1), date(2085, 1, 1)), max_size=40),
    official_years=st.none() | st.frozensets(st.integers(1990, 2085)),
)


@st.composite
def rules(draw):
    unit = draw(st.sampled_from(["days", "working_days", "months"]))
    amount = draw(st.integers(0, 24 if unit == "months" else 90))
    return ClockRule(
        "response",
        unit,
        amount,
        first_day_counted=draw(st.booleans()),
        roll=draw(st.booleans()),
        starts=draw(st.sampled_from([("received",), ("received", "identity_proved", "fee_paid")])),
        pauses=draw(PAUSES),
        extension=draw(st.none() | st.just(Extension(amount * 2 + 1, "extended_response"))),
        promise=draw(
            st.none()
            | st.builds(
                PublishedPromise,
                st.sampled_from(["days", "working_days"]),
                st.integers(1, 40),
                st.just(date(2026, 1, 1)),
            )
        ),
        targets=(Target("policy", "working_days", 5),),
        arguable=AlternativeReading(
            roll=draw(st.booleans()), first_day_not_counted=draw(st.booleans())
        ),
    )


@st.composite
def histories(draw):
    """Return events in any order: a receipt, and anything that may happen within a year of it."""
    received = draw(INSTANTS)
    others = draw(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(EVENT_NAMES - {"received"})),
                st.timedeltas(timedelta(0), timedelta(days=365)),
            ),
            max_size=6,
        )
    )
    return [ClockEvent("received", received), *(ClockEvent(n, received + d) for n, d in others)]


@settings(deadline=None)
@given(rules(), histories(), CALENDARS, ZONES)
def test_no_deadline_is_before_the_receipt_or_after_its_arguable_date(rule, events, calendar, zone):
    deadline = calculate(rule, events, calendar, zone)

    received = events[0].at.astimezone(ZoneInfo(zone)).date()
    assert deadline.lead_on >= received
    assert deadline.ends_before > events[0].at or rule.amount == 0
    assert deadline.latest_arguable is None or deadline.latest_arguable > deadline.lead_on
    assert (deadline.due_on is None) == deadline.provisional


@settings(deadline=None)
@given(rules(), INSTANTS, st.timedeltas(timedelta(0), timedelta(days=60)), CALENDARS, ZONES)
def test_a_later_receipt_is_never_due_earlier(rule, received, later, calendar, zone):
    first = calculate(rule, [ClockEvent("received", received)], calendar, zone)
    second = calculate(rule, [ClockEvent("received", received + later)], calendar, zone)

    assert second.lead_on >= first.lead_on


SPANS = st.timedeltas(timedelta(0), timedelta(days=60))


@settings(deadline=None)
@given(rules(), st.tuples(INSTANTS, SPANS, SPANS, SPANS), CALENDARS, ZONES)
def test_a_pause_never_shortens_and_a_longer_one_never_less(rule, spans, calendar, zone):
    received, asked, length, more = spans
    start = [ClockEvent("received", received), ClockEvent("clarification_asked", received + asked)]
    answered = received + asked + length

    without = calculate(rule, start[:1], calendar, zone)
    still_open = calculate(rule, start, calendar, zone)
    short = calculate(
        rule, [*start, ClockEvent("clarification_answered", answered)], calendar, zone
    )
    long = calculate(
        rule, [*start, ClockEvent("clarification_answered", answered + more)], calendar, zone
    )

    assert without.lead_on <= still_open.lead_on <= short.lead_on <= long.lead_on


@settings(deadline=None)
@given(rules(), histories(), CALENDARS, ZONES)
def test_a_published_limit_never_lengthens(rule, events, calendar, zone):
    deadline = calculate(rule, events, calendar, zone)
    by_law = calculate(replace(rule, promise=None), events, calendar, zone)

    assert deadline.lead_on <= by_law.lead_on
    if "extended" in codes(deadline):
        assert deadline == by_law


AFTERWARDS = st.tuples(st.sampled_from(sorted(EVENT_NAMES - {"received"})), SPANS)


@settings(deadline=None)
@given(rules(), histories(), CALENDARS, ZONES, AFTERWARDS)
def test_nothing_that_happens_after_the_end_makes_it_later(
    rule, events, calendar, zone, afterwards
):
    # A published limit ends before the law's own time, in which an extension can still be told.
    rule = replace(rule, promise=None)
    deadline = calculate(rule, events, calendar, zone)
    last = max(event.at for event in events)

    if not deadline.paused and last < deadline.ends_before:
        name, by = afterwards
        after = ClockEvent(name, deadline.ends_before + by)
        assert calculate(rule, [*events, after], calendar, zone).lead_on <= deadline.lead_on


@settings(deadline=None)
@given(rules(), histories(), CALENDARS, ZONES, st.randoms())
def test_the_order_in_which_events_are_given_does_not_matter(rule, events, calendar, zone, random):
    instants = [event.at for event in events]
    shuffled = random.sample(events, len(events))

    if len(set(instants)) == len(instants):
        assert calculate(rule, shuffled, calendar, zone) == calculate(rule, events, calendar, zone)


@settings(deadline=None)
@given(rules(), histories(), CALENDARS, ZONES)
def test_a_deadline_survives_its_way_through_json(rule, events, calendar, zone):
    deadline = calculate(rule, events, calendar, zone)

    restored = Deadline.from_dict(deadline.to_dict())

    assert restored == deadline
    assert restored.to_dict() == deadline.to_dict()


def test_the_answer_is_the_same_in_any_process_time_zone():
    events = [ClockEvent("received", datetime(2026, 3, 31, 22, 30, tzinfo=UTC))]
    before = os.environ.get("TZ")
    answers = set()
    try:
        for zone in ("UTC", "Pacific/Kiritimati", "America/Adak", "Asia/Kolkata"):
            os.environ["TZ"] = zone
            time.tzset()
            answers.add(str(calculate(MONTH, events, WEEKENDS, "Europe/Berlin").to_dict()))
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()

    assert len(answers) == 1


class TestPublishedLimit:
    PROMISE = PublishedPromise("working_days", 10, date(2026, 1, 1))

    def test_the_earlier_of_the_two_binds(self):
        deadline = on(replace(MONTH, promise=self.PROMISE), received="2026-05-04")

        assert deadline.due_on == date(2026, 5, 18)
        assert deadline.latest_arguable == date(2026, 6, 4)
        assert not deadline.statutory
        assert codes(deadline) == ["received", "counted", "promised", "ends", "arguable"]

    def test_the_law_stays_where_it_ends_first(self):
        late = PublishedPromise("working_days", 60, date(2026, 1, 1))
        deadline = on(replace(MONTH, promise=late), received="2026-05-04")

        assert deadline.due_on == date(2026, 6, 4)
        assert deadline.statutory

    def test_where_the_law_gives_no_number_the_published_one_is_the_date(self):
        rule = replace(MONTH, amount=None, extension=None, promise=self.PROMISE)
        deadline = on(rule, received="2026-05-04")

        assert deadline.due_on == date(2026, 5, 18)
        assert "no_number" in codes(deadline)
        assert not deadline.statutory

    def test_an_extension_told_in_the_laws_time_takes_its_place(self):
        deadline = on(
            replace(MONTH, promise=self.PROMISE),
            received="2026-05-04",
            extension_told="2026-06-01",
        )

        assert deadline.due_on == date(2026, 8, 4)
