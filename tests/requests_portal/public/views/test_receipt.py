"""The receipt page: number, secret, date with its rule, and what happens next."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from freezegun import freeze_time

from tests.clear_text import tables_with
from tests.requests_portal.public.person import Visitor, read_receipt, text_of
from workflows.cases.access import find_by_receipt
from workflows.cases.drafts import purge_drafts
from workflows.cases.models import Case, Draft

pytestmark = pytest.mark.django_db


def test_number_and_receipt_open_the_case(visitor: Visitor):
    number, receipt = visitor.file()

    assert find_by_receipt(number, receipt) == Case.objects.get()


def test_tells_the_date_with_rule_citation_and_arithmetic(visitor: Visitor):
    with freeze_time("2026-11-24 09:00:00"):
        visitor.file(residence={"country": "DE"}, part={"part": "DE-BE"})
        page = text_of(visitor.get("request/receipt/"))

    assert "30 days left" in page
    assert "By law we must answer by <strong>24 December 2026</strong>" in page
    assert "Answer within one month of receipt" in page
    assert "GDPR art. 12(3)" in page
    assert "Counted 1 month from" in page


def test_says_so_where_the_law_sets_no_number_of_days(visitor: Visitor):
    visitor.file()
    page = text_of(visitor.get("request/receipt/"))

    assert "the law itself sets no number of days" in page
    assert "We have promised to answer by" in page


@pytest.mark.parametrize(
    ("contact", "sentence"),
    [
        ({"email": "wang@example.cn"}, "You get an e-mail with a link to confirm your address."),
        ({"no_contact": "on"}, "questions and our answer appear only there."),
    ],
)
def test_says_what_happens_next(visitor: Visitor, contact, sentence):
    visitor.file(contact=contact)

    assert sentence in text_of(visitor.get("request/receipt/"))


def test_is_kept_out_of_caches_and_its_address_out_of_referers(visitor: Visitor):
    visitor.file()
    response = visitor.get("request/receipt/")

    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "strict-origin"


def test_does_not_stand_in_the_clear_in_the_database(visitor: Visitor):
    _number, receipt = visitor.file()

    assert tables_with(receipt) == []
    assert tables_with(receipt.replace("-", "")) == []


def test_belongs_to_the_browser_that_filed(visitor: Visitor, new_visitor: Callable):
    visitor.file()

    assert new_visitor().get("request/receipt/").url == "/en/status/"


def test_can_be_loaded_again_for_an_hour(visitor: Visitor):
    shown = visitor.file()
    assert read_receipt(visitor.get("request/receipt/")) == shown

    Draft.objects.update(filed_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=61))
    purge_drafts()
    assert visitor.get("request/receipt/").url == "/en/status/"


def test_leads_to_the_status_without_typing(visitor: Visitor):
    number, _receipt = visitor.file()
    response = visitor.post("request/receipt/open/")

    assert response.url == "/en/status/case/"
    assert number in text_of(visitor.get("status/case/"))
    # The receipt can still be written down afterwards.
    assert visitor.get("request/receipt/").status_code == 200


def test_can_be_taken_off_the_browser(visitor: Visitor):
    visitor.file()
    visitor.post("request/receipt/forget/")

    assert visitor.get("request/receipt/").url == "/en/status/"
    assert not Draft.objects.exists()
    assert Case.objects.exists()


@pytest.mark.parametrize("path", ["request/receipt/open/", "request/receipt/forget/"])
def test_its_buttons_need_a_press(visitor: Visitor, path):
    visitor.file()

    assert visitor.get(path).status_code == 405


@pytest.mark.parametrize("path", ["request/receipt/open/", "request/receipt/forget/"])
def test_its_buttons_do_nothing_to_a_draft_that_was_not_sent(visitor: Visitor, path):
    visitor.walk(until="subject")
    visitor.post(path)

    assert Draft.objects.filter(filed_at=None).count() == 1
    assert visitor.get("status/case/").url == "/en/status/"


def test_the_receipt_is_not_in_any_address(visitor: Visitor):
    _number, receipt = visitor.file()
    page = text_of(visitor.get("request/receipt/"))

    assert not any(receipt in address for address in re.findall(r'(?:href|action)="([^"]*)"', page))
