"""The first steps without a mouse, and what a screen reader hears of the status of a case."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.person import Person
from tests.filings import file_request, wait_for_effects

pytestmark = pytest.mark.browser

MOST_TABS = 40


def tab_to(target: Locator, *, backwards: bool = False) -> None:
    """Press the tabulator until `target` is focused; each stop must be seen and ringed."""
    page = target.page
    expect(target).to_be_visible()
    for _press in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        focused = page.locator(":focus")
        expect(focused).to_be_in_viewport()
        outline = focused.evaluate("element => getComputedStyle(element).outlineStyle")
        assert outline != "none", f"no focus ring: {focused.evaluate('e => e.outerHTML')[:200]}"
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"The tabulator does not lead to {target} on {page.url}")


def test_the_first_steps_need_no_mouse(new_page):
    person = Person(new_page(), "en")
    page, keyboard = person.page, person.page.keyboard
    person.open()
    keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the main content")
    keyboard.press("Enter")
    tab_to(page.locator("main .ways a").first)
    keyboard.press("Enter")
    tab_to(page.locator("main form button"))
    keyboard.press("Enter")

    # The Enter key goes on from within a field, and then tells what is missing.
    choices = page.locator("[name=wishes][type=checkbox]")
    tab_to(choices.first)
    keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    tab_to(person.errors())
    keyboard.press("Enter")
    expect(choices.first).to_be_focused()
    keyboard.press("Space")

    # What a choice stands for is reached once it is ticked, and passed over before.
    tab_to(page.locator("[name=wishes][value=show]"))
    tab_to(page.locator("[name=wishes][value=out_of_training]"), backwards=True)
    keyboard.press("Space")
    tab_to(page.locator("[name=kinds][value=opt_out_training]"))
    keyboard.press("Space")
    tab_to(page.locator("main .actions button[value=continue]"))
    keyboard.press("Enter")
    tab_to(page.locator("[name=service]"))
    keyboard.type("Sample")
    keyboard.press("Enter")

    # Arrow keys choose one of several.
    tab_to(page.locator("[name=role]").first)
    keyboard.press("Space")
    keyboard.press("ArrowDown")
    expect(page.locator("[name=role][value=guardian]")).to_be_checked()
    keyboard.press("Enter")
    expect(page.locator("select[name=country]")).to_be_visible()


def test_a_screen_reader_hears_clock_story_messages_and_what_can_be_done(new_page, sampled_stack):
    person = Person(new_page(), "en")
    receipt = file_request(sampled_stack)
    wait_for_effects(sampled_stack, [receipt])
    person.open_case(receipt)
    expect(person.page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - heading /Case \\d{4}-.*/ [level=1]
          - button "Leave the case"
          - paragraph: /Delete information .*/
          - paragraph:
            - strong: /Please confirm your e-mail address.*/
          - region /Time limit · .+/:
            - paragraph: /\\d+ days left/
            - paragraph:
              - strong: /\\d+ \\w+ \\d{4}/
            - group: How this date is computed
          - region "What has happened":
            - heading "What has happened" [level=2]
            - list:
              - listitem:
                - time: /\\d+ \\w+ \\d{4}, \\d\\d:\\d\\d/
                - text: We acknowledged your request.
              - listitem:
                - time: /\\d+ \\w+ \\d{4}, \\d\\d:\\d\\d/
                - text: We received your request.
          - region "Messages":
            - heading "Messages" [level=2]
            - paragraph: No messages yet.
            - paragraph:
              - link "Write to us or add files"
          - region "What you can do":
            - heading "What you can do" [level=2]
            - list:
              - listitem:
                - link "Download the proof that your request is in the log"
              - listitem:
                - link "Withdraw the request"
            - group: Complain to the authority or go to court
        """
    )
