"""The statistics for everybody: a page, a file, and the last quarter on the page about handling."""

from datetime import UTC, datetime

import pytest
from django.core.cache import caches

from tests.factories import file
from tests.requests_portal.public.person import Visitor, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept():
    caches["process"].clear()
    yield
    caches["process"].clear()


@pytest.fixture
def _nine_cases(db):
    for _number in range(9):
        file(at=datetime(2026, 2, 1, tzinfo=UTC))


@pytest.mark.usefixtures("_nine_cases")
def test_a_past_quarter_is_told_without_small_counts(visitor: Visitor):
    shown = text_of(visitor.get("statistics/"))

    assert "Quarter 1 of 2026" in shown
    assert 'data-label="Received">9</td>' in shown
    assert 'data-label="Refused">fewer than 5</td>' in shown
    assert "No request was received in the quarters that are shown here." in shown


@pytest.mark.usefixtures("_nine_cases")
def test_the_page_about_handling_tells_the_last_quarter(visitor: Visitor):
    assert "quarter 1 of 2026" in text_of(visitor.get("how/"))


@pytest.mark.usefixtures("_nine_cases")
def test_the_file_is_a_table_to_save(visitor: Visitor):
    response = visitor.get("statistics/statistics.csv")

    assert response["Content-Disposition"] == 'attachment; filename="statistics.csv"'
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines[0].startswith("regime,quarter,received,complied")
    assert lines[1].startswith("CN,2026-Q1,9,<5,<5,<5,,")


def test_counting_is_not_repeated_for_each_reader(visitor: Visitor, django_assert_num_queries):
    visitor.get("statistics/")

    with django_assert_num_queries(0):
        visitor.get("statistics/")
