"""The page for wrong and right texts: typed by a reviewer, seen wherever the item is decided on."""

from dataclasses import replace

import pytest

from tests.factories import WANG, in_review_with_proof
from tests.requests_portal.staff.addresses import action_url, case_url
from tests.requests_portal.staff.test_register import post, text_of
from workflows.cases.filing_request import FiledItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return in_review_with_proof()


@pytest.fixture
def path(case):
    return case_url(case).replace("change/", "items/1/change/")


def test_what_a_reviewer_types_is_seen_by_whoever_decides(sign_in, reviewer, case, path):
    client = sign_in(reviewer)
    assert path in client.get(case_url(case)).content.decode()
    shown = post(client, path, {"wrong_1": "电话", "right_1": "手机"})
    assert "电话 → 手机" in text_of(shown)
    assert "电话 → 手机" in text_of(client.get(action_url(case, "propose_decision")))
    assert ">电话</textarea>" in client.get(path).content.decode().replace("\n", "")


def test_of_a_supplement_the_reviewer_says_where_it_is_added(sign_in, reviewer):
    items = (FiledItem("supplement", {"statement": "x", "correct": "曾住杭州"}),)
    case = in_review_with_proof(replace(WANG, items=items))
    client, path = sign_in(reviewer), case_url(case).replace("change/", "items/1/change/")
    page = client.get(path).content.decode()
    assert "behind which something is missing" in page
    assert ">曾住杭州</textarea>" in page.replace("\n", "")
    shown = post(client, path, {"wrong_1": "住在上海，", "right_1": "曾住杭州"})
    assert "住在上海， → 住在上海，曾住杭州" in text_of(shown)
    assert "To be added in the data" in text_of(shown)


def test_where_nothing_can_be_replaced_nothing_is_said_of_it(sign_in, reviewer):
    items = (FiledItem("delete", {"statement": "x"}),)
    case = in_review_with_proof(replace(WANG, items=items))
    path = case_url(case).replace("change/", "items/1/change/")
    page = text_of(sign_in(reviewer).get(path))
    assert "Say how much of a record goes" in page
    assert "wrong text" not in page.lower()


def test_what_is_refused_stays_typed(sign_in, reviewer, path):
    page = post(sign_in(reviewer), path, {"wrong_1": "电话"}).content.decode()
    assert "Each wrong text needs a right one" in page
    assert "电话" in page


def test_there_is_no_page_for_an_item_that_there_is_not(sign_in, reviewer, path):
    assert sign_in(reviewer).get(path.replace("/1/", "/9/")).status_code == 404


def test_who_works_on_no_cases_sees_nothing(sign_in, administrator, path):
    assert sign_in(administrator).get(path).status_code == 403
