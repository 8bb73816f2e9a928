"""What a person does on the public pages, in either language."""

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.filings import Receipt
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.wishes import Wish

CODE = re.compile(r"\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


@dataclass
class Person:
    """Somebody with a browser, who reads the pages in `language`."""

    page: Page
    language: str

    def open(self, path: str = "") -> None:
        """Open a public page by its address beneath the language."""
        self.page.goto(f"/{self.language}/{path}")

    @property
    def step(self) -> str:
        """The part of the address that names the page of the form."""
        return self.page.url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]

    def field(self, name: str) -> Locator:
        """Return the visible field with this name, the last one where a page has rows."""
        return self.page.locator(f"main [name='{name}'], main [name$='-{name}']").last

    def choose(self, name: str, *values: str) -> None:
        """Tick boxes, or the one of a list of choices."""
        for value in values:
            self.page.locator(f"main [name='{name}'][value='{value}']").check()

    def want(self, kinds: list[str]) -> None:
        """On the first page, tick the choices of some rights, and of their rights just these."""
        wishes = {ItemKind(kind).definition.wish for kind in kinds}
        for wish in Wish:
            self.page.locator(f"main [name=wishes][value={wish}]").set_checked(wish in wishes)
        for box in self.page.locator("main .wish:has(> .option > :checked) [name=kinds]").all():
            box.set_checked(box.get_attribute("value") in kinds)

    def go_on(self) -> None:
        """Press the one primary button of the page."""
        self.page.locator("main .actions button[value=continue]").click()

    def go_back(self) -> None:
        """Press the button that leads back without checking what was typed."""
        self.page.locator("main button[value=back]").click()

    def begin(self) -> None:
        """Begin a request from the start page, as the links lead."""
        self.open()
        self.page.locator("main .ways a").first.click()
        self.page.locator("main form button[type=submit]").click()

    def errors(self) -> Locator:
        """Return the links of the error summary."""
        return self.page.locator(".error-summary a")

    def answer(self, step: str, **answers: str | list[str] | Path) -> None:
        """Answer the page `step`, which must be the one that is shown, and go on."""
        assert self.step == step
        for name, value in answers.items():
            if name == "kinds" and isinstance(value, list):
                self.want(value)
            elif isinstance(value, Path):
                self.field(name).set_input_files(value)
            elif isinstance(value, list):
                self.choose(name, *value)
            elif self.field(name).evaluate("field => field.tagName") == "SELECT":
                self.field(name).select_option(value)
            else:
                self.field(name).fill(value)
        self.go_on()

    def read_receipt(self, email: str = "") -> Receipt:
        """Return case number and receipt from the page after sending."""
        said = self.page.locator(".keep dd")
        expect(said).to_have_count(2)
        number, secret = said.all_inner_texts()
        assert CODE.fullmatch(number)
        return Receipt(number, secret, email)

    def open_case(self, receipt: Receipt) -> None:
        """Go to the status with case number and receipt, as from another computer."""
        self.open("status/")
        self.field("number").fill(receipt.number.lower().replace("-", " "))
        self.field("receipt").fill(receipt.secret)
        self.go_on()
        expect(self.page.locator("h1")).to_contain_text(receipt.number)

    def write(self, text: str, file: Path | None = None) -> None:
        """Answer a question or write a message from the status page."""
        self.page.locator("main a[href$='/write/']").first.click()
        self.field("body").fill(text)
        if file is not None:
            self.field("attachments").set_input_files(file)
        self.go_on()
