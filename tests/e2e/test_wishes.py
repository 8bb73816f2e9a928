"""The first page: everyday choices show what they stand for once they are ticked, without a script."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.person import Person

pytestmark = pytest.mark.browser


def box(person: Person, name: str, value: str) -> Locator:
    return person.page.locator(f"main [name={name}][value={value}]")


@pytest.mark.parametrize("javascript", [True, False])
def test_rights_follow_their_choice_and_the_draft(new_page, javascript):
    person = Person(new_page(javascript=javascript, width=360), "en")
    person.begin()
    expect(person.page.locator("main [name=kinds]:visible")).to_have_count(0)

    person.page.get_by_label("Take me out of the training data").check()
    delete, restrict = box(person, "kinds", "delete"), box(person, "kinds", "restrict")
    expect(delete).to_be_checked()
    expect(restrict).to_be_visible()
    expect(restrict).not_to_be_checked()
    expect(box(person, "kinds", "consult")).to_be_hidden()
    delete.uncheck()
    restrict.check()
    person.go_on()

    person.go_back()
    expect(box(person, "wishes", "out_of_training")).to_be_checked()
    expect(delete).not_to_be_checked()
    expect(restrict).to_be_checked()
    expect(box(person, "kinds", "opt_out_training")).to_be_checked()


def test_a_choice_without_a_right_is_told_with_the_way_to_it(new_page):
    person = Person(new_page(), "en")
    person.begin()
    box(person, "wishes", "show").check()
    box(person, "kinds", "consult").uncheck()
    person.go_on()

    expect(person.errors()).to_have_count(1)
    person.errors().click()
    expect(box(person, "kinds", "consult")).to_be_focused()


def test_choices_are_kept_without_pressing_a_button(new_page):
    person = Person(new_page(), "en")
    person.begin()
    box(person, "wishes", "correct").check()
    box(person, "kinds", "supplement").check()
    expect(person.page.locator(".saved")).not_to_be_empty()
    person.open("request/wishes/")
    expect(box(person, "kinds", "supplement")).to_be_checked()


def test_a_screen_reader_hears_to_which_choice_rights_belong(new_page):
    person = Person(new_page(), "en")
    person.begin()
    box(person, "wishes", "correct").check()

    rights = person.page.get_by_role("group", name="What exactly? Correct or add something")
    expect(rights.get_by_role("checkbox")).to_have_count(2)
    whole = person.page.get_by_role("group", name="What would you like us to do?")
    expect(whole.get_by_role("checkbox")).to_have_count(6 + 2)
