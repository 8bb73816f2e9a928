"""What a member of staff does in the admin."""

import re

from playwright.sync_api import Page, expect


class Staff:
    """A member of staff with a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def sign_in(self, username: str, passphrase: str) -> None:
        """Sign in; the landing page follows."""
        self.page.goto("/accounts/login/")
        self.page.locator("[name=login]").fill(username)
        self.page.locator("[name=password]").fill(passphrase)
        self.page.locator("main [type=submit]").click()
        expect(self.page.locator("[name=password]")).to_have_count(0)

    def open_case(self, search_for: str) -> None:
        """Find a case by its number, or by an e-mail address of it, and open it."""
        self.page.goto("/staff/cases/case/")
        self.page.locator("[name=term]").fill(search_for)
        self.page.locator("[name=term]").press("Enter")
        expect(self.page.locator(".staff-case")).to_be_visible()

    def open_action(self, slug: str) -> None:
        """Press the button of an action; its form follows."""
        self.page.locator(f"#main a[href$='/do/{slug}/']").first.click()
        expect(self.page.locator("#main form [name=seen]")).to_be_attached()

    def act(self, slug: str, **answers: str) -> None:
        """Press the button of an action, fill its form in, and send it."""
        self.open_action(slug)
        self.send(**answers)

    def act_on_complaint(self, slug: str, **answers: str) -> None:
        """Do the same with an action on the complaint of the case."""
        self.open_action_on_complaint(slug)
        self.send(**answers)

    def open_action_on_complaint(self, slug: str) -> None:
        """Press the button of an action on the complaint; its form follows."""
        self.page.locator(f"#main a[href*='/complaints/'][href$='/{slug}/']").click()
        expect(self.page.locator("#main form [name=seen]")).to_be_attached()

    def fill(self, **answers: str) -> None:
        """Fill in the form that is open, and send it."""
        for name, value in answers.items():
            field = self.page.locator(f"#main [name={name}]")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.page.locator("#main form .staff-row button[type=submit]").last.click()

    def send(self, **answers: str) -> None:
        """Fill in the form that is open, and send it; the page of the case follows."""
        self.fill(**answers)
        expect(self.page).to_have_url(re.compile(r"/change/$"))

    def state(self) -> str:
        """Return the state of the case that is open, in words."""
        return self.page.locator(".staff-state").inner_text()
