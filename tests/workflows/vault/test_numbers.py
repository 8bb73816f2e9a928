"""Numbers of rows that are taken ahead: mostly without a query, in order, and never given twice."""

import os

import pytest

from workflows.vault import numbers
from workflows.vault.models import BlindIndexEntry
from workflows.vault.numbers import AHEAD, number_rows_ahead

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_ahead():
    numbers._forget()
    yield
    numbers._forget()


def rows(count: int) -> list[BlindIndexEntry]:
    return [BlindIndexEntry() for _row in range(count)]


def test_a_hundred_are_taken_at_once(django_assert_num_queries):
    given = rows(AHEAD)

    with django_assert_num_queries(1):
        for row in given:
            number_rows_ahead([row])

    assert [row.pk for row in given] == sorted({row.pk for row in given})


def test_more_than_that_are_taken_where_they_are_needed(django_assert_num_queries):
    given = rows(AHEAD + 1)

    with django_assert_num_queries(1):
        number_rows_ahead(given)

    assert len({row.pk for row in given}) == len(given)


def test_a_numbered_row_keeps_its_number(django_assert_num_queries):
    with django_assert_num_queries(0):
        number_rows_ahead([row := BlindIndexEntry(pk=7)])

    assert row.pk == 7


def test_a_forked_process_gives_none_of_them():
    number_rows_ahead(rows(1))
    child = os.fork()
    if not child:
        os._exit(len(numbers._ahead.of))

    _pid, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert numbers._ahead.of
