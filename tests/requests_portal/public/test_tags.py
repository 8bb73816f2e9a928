"""Dates and days left, in words."""

import datetime as dt

import pytest
from django.utils import timezone, translation

from requests_portal.templatetags.portal import day, moment, say, time_left


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (None, ""),
        (-10, "Late by 10 days"),
        (-1, "Late by 1 day"),
        (0, "Last day today"),
        (1, "1 day left"),
        (15, "15 days left"),
    ],
)
def test_time_left(days, words):
    assert time_left(days) == words


def test_a_day():
    assert day(dt.date(2026, 11, 4)) == "4 November 2026"
    assert day(None) == ""


def test_a_moment_is_told_in_the_zone_of_the_page():
    at = dt.datetime(2026, 11, 24, 20, 5, tzinfo=dt.UTC)
    with timezone.override("Asia/Shanghai"):
        assert moment(at) == "25 November 2026, 04:05"
        assert day(at) == "25 November 2026"
    assert moment(None) == ""


def test_the_number_of_a_row():
    assert say("Remove detail %(number)s", 3) == "Remove detail 3"
