"""While more comes in than usual, people get in by a calculation of their browser, or in line."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.axe import grave_faults
from tests.e2e.conftest import NewPage, open_pages
from tests.e2e.person import Person
from tests.filings import file_request
from tests.stack import Stack
from workflows.cases.admission import SHORTEST_WAIT

pytestmark = pytest.mark.browser

TITLES = {"en": "One more step before", "zh-hans": "之前还需一步"}
IN_LINE = 60_000


@pytest.fixture(scope="module")
def busy_stack(django_db_modify_db_settings: None) -> Iterator[Stack]:
    """A portal for which one filing is a flood already, with room for two small files."""
    stack = Stack(os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"], "busy_intake")
    stack.environment |= {
        "INTAKE_BUSY_FILINGS": "1",
        "INTAKE_PROOF_TRIES": "100",
        "INTAKE_LINE_SECONDS": "1",
        "DRAFT_FILES_MAX_BYTES": "1000",
    }
    try:
        stack.start()
        yield stack
    finally:
        stack.end()


@pytest.fixture
def busy_page(browser: Browser, busy_stack: Stack) -> Iterator[NewPage]:
    """Open pages of that portal, on which a request was filed just now."""
    if not busy_stack.query("SELECT 1 FROM cases_case"):
        file_request(busy_stack)
    yield from open_pages(browser, busy_stack.url)


def walk(person: Person, file: Path | None = None) -> None:
    """Answer all pages up to the summary."""
    person.begin()
    person.answer("wishes", kinds=["delete"])
    person.answer("service", service="Sample Assistant")
    person.answer("role", role=["self"])
    person.answer("residence", country="CN")
    person.answer("subject", subject_name="Jo Sample")
    person.answer("identifiers")
    person.answer("statements", delete="All of it.")
    person.answer("files", **({"attachments": file} if file else {}))
    person.answer("contact", email="jo.sample@example.org")


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("zh-hans", 1280)])
def test_a_browser_with_scripts_sends_by_itself(busy_page, language, width):
    person = Person(busy_page(language=language, width=width), language)
    walk(person)
    # The proof may be found, and sent, before a test can look at the page.
    seen: list[str] = []
    person.page.on("framenavigated", lambda frame: seen.append(frame.url))
    person.go_on()

    person.page.wait_for_url("**/request/receipt/", timeout=IN_LINE)
    person.read_receipt()
    assert any(url.endswith(f"/{language}/request/wait/send/") for url in seen)


@pytest.mark.parametrize(("language", "width"), [("zh-hans", 390), ("en", 1280)])
def test_a_browser_without_scripts_waits_in_line(busy_page, language, width):
    person = Person(busy_page(language=language, width=width, javascript=False), language)
    walk(person)
    person.go_on()
    expect(person.page.locator("h1")).to_contain_text(TITLES[language])
    expect(person.page.locator("#working")).to_be_hidden()

    person.page.locator("button[value=line]").click()
    person.go_on()
    expect(person.errors()).to_have_count(1)

    person.page.wait_for_timeout(SHORTEST_WAIT / timedelta(milliseconds=1))
    person.page.goto(f"/{language}/request/wait/send/")
    person.go_on()
    person.page.wait_for_url("**/request/receipt/")
    person.read_receipt()


def test_a_browser_that_cannot_calculate_is_offered_the_line(busy_page):
    person = Person(busy_page(), "en")
    person.page.add_init_script(
        "Object.defineProperty(crypto, 'subtle', {get() { throw new Error('none'); }})"
    )
    walk(person)
    person.go_on()

    expect(person.page.locator("button[value=line]")).to_be_visible()
    expect(person.page.locator("#working")).to_be_hidden()
    assert not grave_faults(person.page)


def test_files_are_added_when_the_room_is_more_than_half_full(busy_page, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("x" * 600, encoding="utf-8")
    walk(Person(busy_page(), "en"), file)
    person = Person(busy_page(), "en")
    walk(person)
    person.open("request/files/")
    expect(person.field("attachments")).to_have_count(0)

    person.page.locator("main .notice a.button").click()

    person.page.wait_for_url("**/request/files/", timeout=IN_LINE)
    file.write_text("y" * 100, encoding="utf-8")
    person.field("attachments").set_input_files(file)
    person.page.locator("button[value=add_file]").click()
    expect(person.page.locator(".files li")).to_have_count(1)
