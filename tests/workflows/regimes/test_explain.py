"""The arithmetic in plain sentences."""

import inspect
import re
from datetime import datetime

import pytest

from workflows.regimes import explain
from workflows.regimes.calendars import build_calendar, bundled_notices
from workflows.regimes.deadlines import calculator, counting
from workflows.regimes.deadlines.calculator import calculate
from workflows.regimes.deadlines.values import ClockEvent, Deadline
from workflows.regimes.registry import get_regime


def reckon(code: str, kind: str, calendar: str, zone: str, **events: str) -> Deadline:
    return calculate(
        get_regime(code).clock(kind).rule,
        [ClockEvent(name, datetime.fromisoformat(at)) for name, at in events.items()],
        build_calendar(calendar, 2025, 2028, bundled_notices()),
        zone,
    )


def test_a_month_is_told_step_by_step_with_rule_and_sources():
    deadline = reckon("EU", "response", "DE-BE", "Europe/Berlin", received="2026-01-31T10:00+01:00")

    sentences = explain.explain(deadline, get_regime("EU").clock("response"), "en")

    assert sentences[:4] == [
        "Received at 31 January 2026, 10:00 (UTC+01:00), which is Saturday, 31 January 2026 in Europe/Berlin.",
        (
            "Counted 1 month from Saturday, 31 January 2026: until Saturday, 28 February 2026,"
            " because that month has no such day."
        ),
        "Saturday, 28 February 2026 is not a working day: the end moves to Monday, 2 March 2026.",
        "The last day is Monday, 2 March 2026; in time means before 3 March 2026, 00:00 (UTC+01:00).",
    ]
    assert sentences[4].startswith("Rule: Answer within one month")
    assert "Source: GDPR art. 12(3) (read in a copy of the source)" in sentences


def test_working_days_name_the_days_a_reader_would_stumble_over():
    deadline = reckon(
        "CN", "response_15wd", "CN", "Asia/Shanghai", received="2026-02-10T10:00+08:00"
    )

    text = "\n".join(explain.explain(deadline))

    assert "Counted 15 working days from Tuesday, 10 February 2026, that day not included" in text
    assert "Public holidays left out: Monday, 16 February 2026; Tuesday, 17 February 2026" in text
    assert (
        "Weekend days that are working days: Saturday, 14 February 2026; Saturday, 28 February 2026."
        in text
    )


def test_an_uncertain_calendar_is_told():
    deadline = reckon(
        "CN", "response_15wd", "CN", "Asia/Shanghai", received="2026-12-21T10:00+08:00"
    )

    assert (
        "The days off of 2027 are not yet announced for the calendar CN: the date is provisional."
        in explain.explain(deadline)
    )


def test_pause_extension_and_targets_are_told():
    deadline = reckon(
        "UK",
        "response",
        "GB-ENG",
        "Europe/London",
        received="2026-03-02T10:00+00:00",
        identity_asked="2026-03-03T10:00+00:00",
        identity_proved="2026-03-04T10:00+00:00",
        clarification_asked="2026-03-06T10:00+00:00",
        clarification_answered="2026-03-16T10:00+00:00",
        extension_told="2026-04-10T10:00+01:00",
    )

    text = "\n".join(explain.explain(deadline))

    assert "The clock starts on Wednesday, 4 March 2026, when the identity was proved." in text
    assert "the end moves by 11 days" in text
    assert "3 months in all, counted from the start again." in text
    assert "Beside it, the strictest reading of the law: 3 months, until" in text


def test_the_rule_and_its_source_follow_the_language():
    deadline = reckon(
        "CN", "response_30d", "CN", "Asia/Shanghai", received="2026-01-16T10:00+08:00"
    )

    text = "\n".join(explain.explain(deadline, get_regime("CN").clock("response_30d"), "zh-hans"))

    assert "自收到请求的次日起三十日内答复" in text
    assert "GB/T 35273—2020 第8.7条" in text
    assert "2026年2月15日" in text


@pytest.mark.parametrize("flag", ["not_started", "out_of_range"])
def test_what_could_not_be_reckoned_is_told(flag):
    sentences = explain.explain(Deadline("response", "Europe/Berlin", flags=(flag,)))

    assert len(sentences) == 1


def test_every_step_of_the_calculator_has_a_sentence():
    written = inspect.getsource(calculator) + inspect.getsource(counting)
    codes = set(re.findall(r'(?:Step|_paused)\(\s*"(\w+)"', written))
    codes |= {"holidays_skipped", "extra_days"}
    # What stands for "received" where an answer was contested.
    codes |= {"contested"}

    assert codes == set(explain._SENTENCES)


def test_while_identity_waits_the_start_is_only_the_earliest():
    deadline = reckon(
        "UK",
        "response",
        "GB-ENG",
        "Europe/London",
        received="2026-03-02T10:00+00:00",
        identity_asked="2026-03-03T10:00+00:00",
    )

    assert (
        "The clock starts on Tuesday, 3 March 2026 at the earliest,"
        " the day on which the identity was asked for."
    ) in explain.explain(deadline)
