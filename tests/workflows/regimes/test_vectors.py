"""Every worked deadline comes out as written, by its own rule and by the regime's clock."""

import json
from pathlib import Path

import pytest

from workflows.regimes.calendars import shipped_notices
from workflows.regimes.vectors import calendar_differences, run

FILE = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
BY_ID = {vector["id"]: vector for vector in FILE["vectors"]}


@pytest.mark.parametrize("name", BY_ID)
def test_vector(name):
    outcome = run(BY_ID[name], shipped_notices())

    assert outcome.passed, outcome
    assert not outcome.has_notes, outcome


def test_every_vector_is_also_reckoned_by_the_regime_itself():
    for vector in FILE["vectors"]:
        outcome = run(vector, shipped_notices())
        assert outcome.reckonings[-1].by.startswith(vector["regime"]), vector["id"]


def test_calendars_of_the_file_agree_with_ours():
    assert list(calendar_differences(FILE["meta"]["calendars"], shipped_notices())) == []


def test_a_calendar_that_differs_is_named_with_its_day():
    calendars = {"US-CA-core": {"2026": ["2026-03-31"]}, "XX": {}}

    assert list(calendar_differences(calendars, ())) == [
        "calendar US-CA-core: 2026-03-31 is a working day here, not in the file",
        "calendar XX: not known here",
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"expected": "2026-05-05"}, "expected 2026-05-05, got 2026-05-04"),
        ({"expected": None}, "expected no date, got 2026-05-04"),
        ({"expected_weekday": "Tue"}, "expected a Tue, 2026-05-04 is a Mon"),
        (
            {"ends_before": "2026-05-05T00:00:00+01:00"},
            (
                "expected the day to end before 2026-05-05T00:00:00+01:00,"
                " got 2026-05-05T00:00:00+02:00"
            ),
        ),
        ({"expect_flag": "calendar_incomplete"}, "expected the flag calendar_incomplete, got none"),
    ],
)
def test_a_wrong_expectation_fails_by_both_rules(change, problem):
    outcome = run({**BY_ID["EU-07"], **change}, shipped_notices())

    assert not outcome.passed
    assert [reckoning.problems for reckoning in outcome.reckonings] == [(problem,), (problem,)]


def test_a_rule_that_differs_from_the_regime_fails_by_one_of_them():
    vector = {
        **BY_ID["EU-07"],
        "expected": "2026-06-01",
        "ends_before": "2026-06-02T00:00:00+02:00",
    }
    vector |= {"rule": {**vector["rule"], "n": 2}, "expected_weekday": "Mon"}

    own, regime = run(vector, shipped_notices()).reckonings

    assert own.problems == ()
    assert regime.problems[0] == "expected 2026-06-01, got 2026-05-04"


def test_the_latest_arguable_date_is_a_note_not_a_failure():
    outcome = run({**BY_ID["CN-16"], "latest_arguable": "2026-02-25"}, shipped_notices())

    assert outcome.passed
    assert outcome.reckonings[-1].notes == (
        "latest arguable is 2026-02-25 in the file, 2026-02-24 here",
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"received": "yesterday"}, "yesterday"),
        ({"zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"holidays": "ZZ"}, "ZZ"),
        ({"local_receipt_date": "2026-04-02"}, "received is 2026-04-01"),
        ({"rule": {"unit": "fortnights", "n": 1}}, "fortnights"),
        ({"rule": {**BY_ID["EU-07"]["rule"], "month_end": "spill"}}, "spill"),
        ({"rule": {**BY_ID["EU-07"]["rule"], "pause_days": 3}, "pause": []}, "pause_days 3"),
    ],
)
def test_a_vector_that_cannot_be_read_says_why(change, fault):
    outcome = run({**BY_ID["EU-07"], **change}, shipped_notices())

    assert not outcome.passed
    assert fault in outcome.fault


def test_without_a_rule_and_without_a_regime_there_is_nothing_to_reckon_by():
    vector = {key: value for key, value in BY_ID["EU-07"].items() if key != "rule"}

    assert run({**vector, "regime": "ATLANTIS"}, ()).fault
    assert run({**vector, "kind": "seance"}, ()).fault
