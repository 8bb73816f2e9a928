"""The words of a clock: how much is left, never by colour alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_portal.staff.case.timeline import SIGNS, clock_words
from workflows.cases.lifecycle import FINAL, State

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "tone", "text"),
    [
        (timedelta(days=30), "good", "30 days left"),
        (timedelta(days=8), "good", "8 days left"),
        (timedelta(days=7, seconds=1), "soon", "7 days left"),
        (timedelta(days=3), "soon", "3 days left"),
        (timedelta(days=1), "soon", "1 day left"),
        (timedelta(hours=23), "soon", "last day today"),
        (timedelta(0), "late", "late by 1 day"),
        (timedelta(hours=-23), "late", "late by 1 day"),
        (timedelta(days=-1), "late", "late by 2 days"),
    ],
)
def test_says_how_much_is_left(left, tone, text) -> None:
    words = clock_words(State.IN_REVIEW, NOW + left, NOW)
    assert (words.tone, words.text) == (tone, text)


def test_a_clock_that_stands_still_counts_nothing() -> None:
    words = clock_words(State.IDENTITY_NEEDED, NOW - timedelta(days=5), NOW, paused=True)
    assert (words.tone, words.text) == ("paused", "Paused")


@pytest.mark.parametrize("state", sorted({*FINAL, State.ANSWERED}))
def test_who_is_answered_is_never_late(state) -> None:
    assert clock_words(state, NOW - timedelta(days=5), NOW).tone == "done"


def test_a_law_without_a_number_has_no_date() -> None:
    assert clock_words(State.IN_REVIEW, None, NOW).text == "No date in law"


@given(st.timedeltas(min_value=timedelta(days=-900), max_value=timedelta(days=900)))
def test_late_exactly_when_the_time_is_over_and_always_with_a_sign(left) -> None:
    words = clock_words(State.IN_REVIEW, NOW + left, NOW)
    assert (words.tone == "late") == (left <= timedelta(0))
    assert words.sign == SIGNS[words.tone]
    assert words.text
