"""Going back after a mistake shows the page before, never a question of the browser's."""

import pytest
from playwright.sync_api import expect

from tests.e2e.person import Person
from tests.filings import file_request

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False])
def test_in_the_request_form(new_page, sampled_stack, javascript):
    person = Person(new_page(javascript=javascript), "en")
    person.begin()
    assert person.step == "wishes"
    person.go_on()
    expect(person.errors()).to_have_count(1)
    person.answer("wishes", kinds=["delete"])
    person.answer("service", service="x" * 201)
    expect(person.errors()).to_have_count(1)

    person.page.go_back()
    expect(person.field("service")).to_have_value("x" * 201)
    person.page.go_back()
    expect(person.page.locator("[name=kinds][value=delete]")).to_be_checked()


def test_on_the_status_pages(new_page, sampled_stack):
    person = Person(new_page(), "en")
    person.open_case(file_request(sampled_stack))
    person.write("x" * 10_001)
    expect(person.errors()).to_have_count(1)

    person.page.get_by_role("link", name="Back to the case").click()
    person.page.go_back()
    expect(person.field("body")).to_have_value("x" * 10_001)


def test_at_the_log_in(new_page, sampled_stack):
    person = Person(new_page(), "en")
    person.open("status/")
    person.field("number").fill("2026-AAAA-AAAA")
    person.go_on()
    expect(person.errors()).not_to_have_count(0)

    person.open("how/")
    person.page.go_back()
    expect(person.field("number")).to_be_visible()
