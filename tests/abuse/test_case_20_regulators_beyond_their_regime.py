"""Abuse case 20: a regulator reads no other regime by search, count, export or a cached file."""

import pytest

from tests.factories import ERIKA, WANG, make_case
from tests.requests_portal.regulators.conftest import china, greta, lin, sign_in  # noqa: F401
from workflows.cases.lifecycle import State
from workflows.exports.models import BundleJob

pytestmark = pytest.mark.django_db

AREA = "/en/regulators/"


@pytest.fixture
def european(db):
    return make_case(State.ANSWERED, ERIKA)


def test_neither_search_nor_count_nor_file_shows_it(european, china):  # noqa: F811
    make_case(State.ANSWERED, WANG)

    found = china.get(f"{AREA}cases/", {"number": european.number}).content.decode()
    assert "0 cases" in found
    assert china.get(f"{AREA}cases/{european.number}/").status_code == 404
    figures = china.get(f"{AREA}statistics/").content.decode()
    assert "<dt>Requests received</dt><dd>1</dd>" in figures


def test_no_page_of_a_case_may_be_kept_by_a_cache(china):  # noqa: F811
    case = make_case(State.ANSWERED, WANG)

    answer = china.get(f"{AREA}cases/{case.number}/")

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"


def test_a_file_that_was_made_for_another_is_not_handed_out(greta, china):  # noqa: F811
    job = BundleJob.objects.create(regime="EU", requested_by=greta.user, language="en")

    assert china.get(f"{AREA}exports/{job.pk}/file/").status_code == 404
