"""The figures for everybody: past quarters, one query a regime, nobody to be recognised."""

import csv
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO

import pytest

from tests.factories import ERIKA, WANG, file, make_case
from workflows.cases.lifecycle import State
from workflows.statistics.figures import Figures
from workflows.statistics.published import Cell, PublishedCount, as_csv, past_quarters, quarter

SMALL, WITHHELD = Cell(PublishedCount.SMALL), Cell(PublishedCount.WITHHELD)
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
    assert (shown.nothing_held, shown.without_answer) == (Cell.exact(10), WITHHELD)
    assert shown.complied.value == 30


def test_of_a_handful_nothing_is_told():
    few = counted(received=3, answered=1, whole=1, part=0, denied=0, nothing_held=0, late=0)
    shown = quarter(date(2026, 1, 1), few)

    assert {shown.received, shown.complied, shown.refused, shown.late} == {SMALL}
    assert shown.median_days is None


def test_who_was_not_late_is_not_told_by_who_was():
    assert quarter(date(2026, 1, 1), counted(late=58)).late != Cell.exact(58)


def test_of_six_not_even_is_told_whether_few_of_them_were_late():
    few = counted(received=6, answered=6, whole=6, part=0, denied=0, nothing_held=0)
    for late in range(7):
        shown = quarter(date(2026, 1, 1), replace(few, late=late))
        assert shown.late in {SMALL, WITHHELD}
        assert shown.received.shown != PublishedCount.EXACT or shown.late == WITHHELD


# The four parts and the late ones of every quarter with no more cases than this.
MOST = 20


def quarters(most: int):
    for received in range(most + 1):
        for complied in range(received + 1):
            for denied in range(received - complied + 1):
                for nothing in range(received - complied - denied + 1):
                    rest = received - complied - denied - nothing
                    yield received, complied, denied, nothing, rest


def test_from_all_of_a_quarter_together_three_values_stay_possible_for_what_is_hidden():
    """Whoever knows the program tries all quarters, and keeps those that are published the same."""
    columns = ("received", "complied", "refused", "nothing_held", "without_answer", "late")
    # For each that is published: the values of each column, and the fewest cases.
    values = defaultdict(lambda: [set() for _column in columns])
    for received, complied, denied, nothing, rest in quarters(MOST):
        for late in range(received + 1):
            few = counted(
                received=received,
                answered=received - rest,
                whole=complied,
                part=0,
                denied=denied,
                nothing_held=nothing,
                late=late,
            )
            known = values[quarter(date(2026, 1, 1), few)]
            reading = (received, complied, denied, nothing, rest, late)
            for column, value in zip(known, reading, strict=True):
                column.add(value)
    for shown, known in values.items():
        # At the upper end there are further quarters that were not tried.
        if min(known[0]) > MOST - 3:
            continue
        for column, found in zip(columns, known, strict=True):
            exact = getattr(shown, column).shown == PublishedCount.EXACT
            assert len(found) == 1 if exact else len(found) >= 3, (shown, column, found)


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

    with django_assert_num_queries(2):
        quarters = past_quarters("CN", TODAY)

    assert [each.first_day for each in quarters] == [date(2026, 1, 1), date(2024, 7, 1)]


@pytest.mark.django_db
def test_many_cases_are_counted_by_what_became_of_them():
    past = datetime(2026, 2, 1, tzinfo=UTC)
    for _number in range(5):
        make_case(State.REJECTED_AS_ABUSE, at=past)
        make_case(State.WITHDRAWN, at=past)

    [only] = past_quarters("CN", TODAY)

    # What ended without an answer and the total are kept back: with them, that nothing was complied
    # with would follow.
    assert (only.received, only.refused, only.complied) == (WITHHELD, Cell.exact(5), SMALL)
    assert only.without_answer == WITHHELD


def test_the_file_says_the_same_and_leaves_open_what_is_kept_back():
    text = as_csv([("CN", [quarter(date(2026, 1, 1), counted(denied=2, received=52))])])

    [row] = csv.DictReader(StringIO(text))
    assert (row["regime"], row["quarter"], row["received"]) == ("CN", "2026-Q1", "52")
    assert row["refused"] == "<5"
    assert "" in {row["nothing_held"], row["without_answer"]}
