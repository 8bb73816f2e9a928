"""Every worked deadline comes out as written, by its own rule and by the regime's clock."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from workflows.regimes.calendars import bundled_notices
from workflows.regimes.registry import get_regime
from workflows.regimes.rules.reader import Validity
from workflows.regimes.vectors import calendar_differences, run

HERE = Path(__file__).parent
FILE = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))
MORE = json.loads((HERE / "more_vectors.json").read_text(encoding="utf-8"))
BY_ID = {vector["id"]: vector for vector in FILE["vectors"]}
UNDATED = {
    "expected": None,
    "expected_weekday": None,
    "ends_before": None,
    "rule": {"unit": "days", "n": None},
}
ALL = {vector["id"]: vector for vector in (*FILE["vectors"], *MORE["vectors"])}


@pytest.mark.parametrize("name", ALL)
def test_vector(name):
    outcome = run(ALL[name], bundled_notices())

    assert outcome.passed, outcome
    assert not outcome.has_notes, outcome


def test_every_vector_is_also_reckoned_by_the_regime_itself():
    for vector in FILE["vectors"]:
        outcome = run(vector, bundled_notices())
        assert outcome.reckonings[-1].by.startswith(vector["regime"]), vector["id"]


def test_calendars_of_the_file_agree_with_ours():
    assert list(calendar_differences(FILE["meta"]["calendars"], bundled_notices())) == []


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
    outcome = run({**BY_ID["EU-07"], **change}, bundled_notices())

    assert not outcome.passed
    assert [reckoning.problems for reckoning in outcome.reckonings] == [(problem,), (problem,)]


def test_where_the_regime_has_another_rule_it_decides_and_the_difference_is_named():
    vector = {
        **BY_ID["EU-07"],
        "expected": "2026-06-01",
        "ends_before": "2026-06-02T00:00:00+02:00",
    }
    vector |= {"rule": {**vector["rule"], "n": 2}, "expected_weekday": "Mon"}

    outcome = run(vector, bundled_notices())

    assert not outcome.passed
    assert outcome.reckonings[0].problems == ()
    assert outcome.reckonings[1].problems[0] == "expected 2026-06-01, got 2026-05-04"
    assert outcome.reckonings[1].problems[-1] == "the rule here differs in amount"


def test_the_latest_arguable_date_is_a_note_not_a_failure():
    outcome = run({**BY_ID["CN-16"], "latest_arguable": "2026-02-25"}, bundled_notices())

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
    outcome = run({**BY_ID["EU-07"], **change}, bundled_notices())

    assert not outcome.passed
    assert fault in outcome.fault


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"regime": "ATLANTIS"}, "there is no regime ATLANTIS here"),
        ({"kind": "seance"}, "EU has no clock seance"),
        ({"regime": "US-CA", "item_kinds": ["explain"]}, "US-CA knows no right to explain"),
    ],
)
def test_a_law_that_is_not_here_or_not_in_force_gives_no_date(change, why):
    dated = run({**BY_ID["EU-07"], **change}, ())
    undated = run({**BY_ID["EU-07"], **change, **UNDATED}, ())

    [problem] = dated.reckonings[-1].problems
    assert problem.startswith("expected 2026-05-04, got no date: ")
    assert why in problem
    assert undated.passed, undated


def test_a_law_that_begins_later_gives_no_date_before(monkeypatch):
    later = replace(get_regime("EU"), validity=Validity(first=date(2026, 4, 2)))
    monkeypatch.setattr("workflows.regimes.vectors.get_regime", lambda _code: later)

    assert run({**BY_ID["EU-07"], **UNDATED}, ()).passed
    assert not run(BY_ID["EU-07"], bundled_notices()).passed


class TestKinds:
    """A pause, and a number, may hold for some kinds of item alone."""

    PAUSED = {
        "id": "UK",
        "regime": "UK",
        "kind": "response",
        "received": "2026-09-14T10:00:00+01:00",
        "zone": "Europe/London",
        "holidays": "GB-ENG",
        "pause": [{"reason": "clarification", "asked": "2026-09-17", "answered": "2026-09-24"}],
    }

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"item_kinds": ["delete"]}, "2026-10-14"),
            ({"item_kinds": ["copy"]}, "2026-10-22"),
            ({"item_kinds": ["copy", "delete"]}, "2026-10-14"),
            ({"item_kinds": ["explain"]}, "2026-10-14"),
            ({}, "2026-10-22"),
            ({"kind": "refusal_notice", "item_kinds": ["copy"]}, "2026-10-22"),
            ({"kind": "extended_response", "item_kinds": ["delete"]}, "2026-12-14"),
            ({"kind": "extended_response", "item_kinds": ["copy"]}, "2026-12-22"),
        ],
    )
    def test_the_regime_itself_counts_for_the_kinds(self, changes, expected):
        outcome = run({**self.PAUSED, **changes, "expected": expected}, bundled_notices())

        assert outcome.passed, outcome

    def test_each_kind_is_held_against_its_own_day(self):
        vector = {**self.PAUSED, "item_kinds": ["copy", "delete"], "expected": "2026-10-14"}
        days = {"copy": "2026-10-22", "delete": "2026-10-14"}

        assert run({**vector, "expected_by_item": days}, bundled_notices()).passed
        wrong = run({**vector, "expected_by_item": {"copy": "2026-10-14"}}, bundled_notices())
        assert wrong.reckonings[-1].problems == ("expected 2026-10-14 for copy, got 2026-10-22",)

    def test_before_the_pause_was_law_it_is_arguable_alone(self):
        vector = {
            **self.PAUSED,
            "received": "2026-01-20T10:00:00+00:00",
            "item_kinds": ["copy"],
            "pause": [{"reason": "clarification", "asked": "2026-01-26", "answered": "2026-02-02"}],
            "expected": "2026-02-20",
            "latest_arguable": "2026-03-02",
        }

        outcome = run(vector, bundled_notices())

        assert outcome.passed, outcome
        assert not outcome.has_notes, outcome

    def test_an_item_with_a_clock_of_its_own_has_it_in_place_of_the_leading_one(self):
        vector = {
            "id": "CA",
            "regime": "US-CA",
            "kind": "response",
            "received": "2026-12-16T09:00:00-08:00",
            "zone": "America/Los_Angeles",
            "holidays": "US-CA-core",
            "item_kinds": ["object"],
            "expected": "2027-01-08",
        }

        assert run(vector, ()).passed
        assert not run({**vector, "kind": "extended_response"}, ()).passed


class TestForms:
    """What a vector may leave out or write another way."""

    BARE = {
        "regime": "none",
        "kind": "response",
        "received": "2026-03-02",
        "zone": "Europe/London",
        "rule": {"unit": "days", "n": 10},
        "expected": "2026-03-12",
    }

    @staticmethod
    def of(vector, **changes):
        outcome = run({**vector, **changes}, bundled_notices())
        assert not outcome.fault
        return outcome.reckonings[0].deadline.due_on.isoformat()

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, "2026-03-12"),
            ({"holidays": None, "local_receipt_date": None, "clock_starts": None}, "2026-03-12"),
            ({"received": "2026-03-02T10:00:00"}, "2026-03-12"),
            ({"received": "2026-03-02T10:00:00Z"}, "2026-03-12"),
            ({"rule": {"unit": "weeks", "n": 2}}, "2026-03-16"),
            ({"rule": {"unit": "years", "n": 2, "month_end": None}}, "2028-03-02"),
            ({"rule": {"unit": "days", "n": 10, "month_end": "n/a"}}, "2026-03-12"),
            ({"rule": {"unit": "working_days", "n": 10}}, "2026-03-16"),
            ({"holidays": "US-CA"}, "2026-03-12"),
            ({"clock_starts": "2026-03-04", "clock_event": "payment received"}, "2026-03-14"),
        ],
    )
    def test_a_bare_vector_is_reckoned_with_plain_defaults(self, changes, expected):
        assert self.of(self.BARE, **changes) == expected

    @pytest.mark.parametrize(
        ("pause", "days", "expected"),
        [
            ({"asked": "2026-03-04", "answered": "2026-03-06"}, 3, "2026-03-15"),
            ([{"asked": "2026-03-04", "answered": "2026-03-06"}], 2, "2026-03-14"),
            ([{"asked": "2026-03-04", "answered": None}], 1, "2026-03-13"),
            (
                [
                    {"reason": "identity", "asked": "2026-03-04", "answered": "2026-03-06"},
                    {"reason": "clarification", "asked": "2026-03-05", "answered": "2026-03-07"},
                ],
                4,
                "2026-03-16",
            ),
            (
                [{"reason": "fee", "asked": "2026-03-04T09:00:00Z", "answered": "2026-03-06"}],
                3,
                "2026-03-15",
            ),
        ],
    )
    def test_pauses_stand_alone_open_overlapping_or_with_an_hour(self, pause, days, expected):
        rule = {"unit": "days", "n": 10, "pause_days": days}

        assert self.of(self.BARE, pause=pause, rule=rule) == expected

    @pytest.mark.parametrize(
        ("told", "expected"), [("2026-03-12", "2026-04-01"), ("2026-03-13", "2026-03-12")]
    )
    def test_further_events_are_taken_as_they_are(self, told, expected):
        rule = {"unit": "days", "n": 10, "extended_n": 30}
        events = [{"name": "extension_told", "at": told}]

        assert self.of(self.BARE, rule=rule, events=events) == expected

    def test_the_end_is_compared_as_an_instant(self):
        vector = {**BY_ID["EU-07"], "ends_before": "2026-05-04T22:00:00Z"}

        assert run(vector, bundled_notices()).passed

    def test_no_end_is_expected_where_no_date_is(self):
        vector = {**BY_ID["CN-22"], "ends_before": None, "expected_weekday": None}

        assert run(vector, bundled_notices()).passed

    @pytest.mark.parametrize("listed", [{}, {"note": "by hand"}, {"2026": []}])
    def test_a_calendar_without_days_is_passed_over(self, listed):
        assert list(calendar_differences({"CN": listed}, bundled_notices())) == []
