"""The figures for everybody: past quarters, one query a regime, nobody to be recognised."""

import csv
from datetime import UTC, date, datetime
from io import StringIO

import pytest

from tests.factories import ERIKA, WANG, file, make_case
from workflows.cases.lifecycle import State
from workflows.reports.statistics import Figures
from workflows.reports.suppression import Cell, Shown
from workflows.reports.transparency import as_csv, past_quarters, quarter

SMALL, WITHHELD = Cell(Shown.SMALL), Cell(Shown.WITHHELD)
TODAY = date(2026, 5, 20)


def counted(**changes) -> Figures:
    values = {
        "received": 60,
        "answered": 50,
        "whole": 20,
        "part": 10,
        "denied": 10,
        "nothing_held": 10,
        "ended": 5,
        "open": 5,
        "late": 6,
        "mean_days": 12.5,
        "median_days": 11.0,
    }
    return Figures(**{**values, **changes})


def test_a_quarter_of_large_counts_is_published_as_it_is():
    shown = quarter(date(2026, 4, 1), counted())

    assert shown.number == 2
    cells = (
        shown.received,
        shown.complied,
        shown.refused,
        shown.nothing_held,
        shown.without_answer,
        shown.late,
    )
    assert [cell.value for cell in cells] == [60, 30, 10, 10, 10, 6]
    assert shown.median_days == 11.0


def test_a_small_count_takes_another_with_it():
    shown = quarter(date(2026, 1, 1), counted(denied=2, received=52))

    assert shown.refused == SMALL
    assert [shown.nothing_held, shown.without_answer].count(WITHHELD) == 1
    assert shown.complied.value == 30


def test_of_a_handful_nothing_is_told():
    few = counted(received=3, answered=1, whole=1, part=0, denied=0, nothing_held=0, late=0)
    shown = quarter(date(2026, 1, 1), few)

    assert {shown.received, shown.complied, shown.refused, shown.late} == {SMALL}
    assert shown.median_days is None


def test_who_was_not_late_is_not_told_by_who_was():
    assert quarter(date(2026, 1, 1), counted(late=58)).late != Cell.exact(58)


def test_a_case_that_stands_in_two_counts_makes_none_negative():
    assert quarter(date(2026, 1, 1), counted(received=49)).without_answer == SMALL


@pytest.mark.django_db
def test_only_quarters_that_are_over_are_told_the_latest_first(django_assert_num_queries):
    for day in (
        datetime(2024, 3, 31, 15, 59, tzinfo=UTC),
        datetime(2024, 6, 30, 16, 0, tzinfo=UTC),
        datetime(2026, 3, 31, 15, 59, tzinfo=UTC),
        datetime(2026, 3, 31, 16, 0, tzinfo=UTC),
    ):
        file(WANG, at=day)
    file(ERIKA, at=datetime(2026, 2, 1, tzinfo=UTC))

    with django_assert_num_queries(1):
        quarters = past_quarters("CN", TODAY)

    assert [each.first_day for each in quarters] == [date(2026, 1, 1), date(2024, 7, 1)]


@pytest.mark.django_db
def test_many_cases_are_counted_by_what_became_of_them():
    past = datetime(2026, 2, 1, tzinfo=UTC)
    for _number in range(5):
        make_case(State.REJECTED_AS_ABUSE, at=past)
        make_case(State.WITHDRAWN, at=past)

    [only] = past_quarters("CN", TODAY)

    # The total is kept back: with it, that nothing was complied with would follow.
    assert (only.received, only.refused, only.complied) == (WITHHELD, Cell.exact(5), SMALL)


def test_the_file_says_the_same_and_leaves_open_what_is_kept_back():
    text = as_csv([("CN", [quarter(date(2026, 1, 1), counted(denied=2, received=52))])])

    [row] = csv.DictReader(StringIO(text))
    assert (row["regime"], row["quarter"], row["received"]) == ("CN", "2026-Q1", "52")
    assert row["refused"] == "<5"
    assert "" in {row["nothing_held"], row["without_answer"]}
