"""A browser that somebody left shows nothing of their case to the next."""

import pytest
from playwright.sync_api import expect

from tests.e2e.person import Person
from tests.filings import file_request

pytestmark = pytest.mark.browser


def test_the_back_button_shows_no_case_that_was_left(new_page, sampled_stack):
    receipt = file_request(sampled_stack)
    person = Person(new_page(), "en")
    person.open_case(receipt)
    person.page.evaluate("localStorage.setItem('seen', 'a name')")

    person.page.get_by_role("button", name="Leave the case").click()
    expect(person.page).to_have_url(f"{sampled_stack.url}/en/status/left/")
    assert person.page.evaluate("localStorage.getItem('seen')") is None
    person.page.go_back()
    expect(person.page.locator("[name=receipt]")).to_be_visible()
    assert receipt.number not in person.page.content()
