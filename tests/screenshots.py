"""Takes screenshots of the main pages with the sample cases: `make screenshots`.

Each page in both languages, light and dark, at three widths, into the folder `screenshots`, which
git ignores: `screenshots/<language>-<theme>/<page>-<width>.png`.
"""

import itertools
import os
import sys
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, sync_playwright

from requests_portal.local.folders import PROJECT
from tests.chromium import NO_CHROMIUM, find_chromium
from tests.conftest import CLUSTER, DATABASE
from tests.e2e.conftest import FLAGS, LOCALES
from tests.e2e.person import Person
from tests.e2e.regulator import Regulator
from tests.e2e.samples import sample_logins, sample_receipts
from tests.e2e.staff import Staff
from tests.stack import Stack

FOLDER = PROJECT / "screenshots"
LANGUAGES = ("zh-hans", "en")
THEMES = ("light", "dark")
WIDTHS = (360, 768, 1280)

# The name of a page, with the browser that shows it.
Shown = Iterator[tuple[str, Page]]
NewPage = Callable[[], Page]


def form_pages(person: Person) -> Shown:
    """Walk the form; show each page, two of them with errors as well, up to the receipt."""
    in_chinese = person.language == "zh-hans"
    person.begin()
    for step, answers in (
        ("wishes", {"kinds": ["correct", "delete"]}),
        ("service", {"service": "示例助手" if in_chinese else "Sample Assistant"}),
        ("role", {"role": ["self"]}),
        ("residence", {"country": "CN" if in_chinese else "IE"}),
        ("subject", {"subject_name": "王示例" if in_chinese else "Jo Sample"}),
        ("identifiers", {"kind": "handle", "value": "@sample"}),
        ("correct", {"claimed": "1960", "correct": "1970"}),
        ("statements", {}),
        ("files", {}),
        ("contact", {"email": "jo.sample@example.org"}),
    ):
        yield f"form-{step}", person.page
        if step in {"wishes", "correct"}:
            person.go_on()
            yield f"form-{step}-errors", person.page
        person.answer(step, **answers)
    yield "form-check", person.page
    person.go_on()
    yield "receipt", person.page


def case_pages(person: Person, receipts: dict[str, tuple[str, str]]) -> Shown:
    """Show the status of each sample case, and its answer where there is one."""
    for state, (number, receipt) in receipts.items():
        person.open("status/")
        person.field("number").fill(number)
        person.field("receipt").fill(receipt)
        person.go_on()
        yield f"status-{state}", person.page
        answer = person.page.locator(".notice-good a.button")
        if answer.count():
            answer.click()
            yield f"answer-{state}", person.page
        person.open("status/case/")
        person.page.locator(".case-head button").click()


def public_pages(stack: Stack, new_page: NewPage, language: str) -> Shown:
    """Show the pages for everybody."""
    person = Person(new_page(), language)
    for name, path in (("home", ""), ("how", "how/"), ("start", "request/"), ("log-in", "status/")):
        person.open(path)
        yield name, person.page
    yield from form_pages(person)
    yield from case_pages(person, sample_receipts(stack, language))


def staff_pages(stack: Stack, new_page: NewPage, language: str) -> Shown:
    """Show landing page, queue, and a case with a form to a reviewer and to an approver."""
    query = "SELECT number FROM cases_case WHERE language = %s AND state = %s ORDER BY filed_at"
    for username, state, action in (
        ("ravi", "in_review", "propose_decision"),
        ("amal", "decision_proposed", "approve"),
    ):
        staff = Staff(new_page())
        staff.sign_in(username, sample_logins(stack)[username])
        if username == "ravi":
            yield "staff-home", staff.page
            staff.page.goto("/staff/cases/case/")
            yield "staff-queue", staff.page
        staff.open_case(stack.query(query, (language, state))[0][0])
        yield f"staff-case-{state}", staff.page
        staff.open_action(action)
        yield f"staff-{action}", staff.page


def regulator_pages(stack: Stack, new_page: NewPage, language: str) -> Shown:
    """Show the pages of a regulator."""
    regulator = Regulator(new_page())
    regulator.sign_in("regulator-cn", sample_logins(stack)["regulator-cn"])
    regulator.choose_export(language)
    for name in ("", "cases/", "statistics/", "exports/", "exports/new/", "checkpoints/"):
        regulator.page.goto(f"/{language}/regulators/{name}")
        yield f"regulator-{name.replace('/', '-').strip('-') or 'home'}", regulator.page
    regulator.page.goto(f"/{language}/regulators/cases/")
    regulator.page.locator("main tbody a").first.click()
    yield "regulator-case", regulator.page


def take(name: str, page: Page, folder: str) -> None:
    """Take one page at each width."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=FOLDER / folder / f"{name}-{width}.png", full_page=True)


def main() -> None:
    """Serve the portal with the sample cases and take all screenshots."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit(NO_CHROMIUM)
    CLUSTER.ensure_running()
    CLUSTER.ensure_database(DATABASE)
    stack = Stack(os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"], "screenshots")
    try:
        stack.start()
        stack.manage("load_sample_cases")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            for language, theme in itertools.product(LANGUAGES, THEMES):

                def new_page(language: str = language, theme: str = theme) -> Page:
                    return browser.new_context(
                        base_url=stack.url, locale=LOCALES[language], color_scheme=theme
                    ).new_page()

                for pages in (public_pages, staff_pages, regulator_pages):
                    for name, page in pages(stack, new_page, language):
                        take(name, page, f"{language}-{theme}")
                        sys.stderr.write(f"{language}-{theme} {name}\n")
            browser.close()
    finally:
        stack.end()


if __name__ == "__main__":
    main()
