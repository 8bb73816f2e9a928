"""One browser for all tests of this folder, on the one running stack."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.e2e.samples import sample_logins
from tests.e2e.staff import Staff
from tests.stack import Stack, eventually

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
LOCALES = {"zh-hans": "zh-CN", "en": "en-GB"}
LONGEST_WAIT = 30_000

NewPage = Callable[..., Page]


# For this package only: the loop that Playwright runs would disturb tests that use the database.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Headless Chromium that speaks with nobody but us."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sample_datasets(sampled_stack: Stack) -> None:
    """The sample datasets, once the worker has read them."""
    sampled_stack.manage("load_sample_datasets", "--megabytes", "6")

    def are_read() -> bool:
        states = sampled_stack.query(
            "SELECT state FROM datasets_snapshot WHERE starts_with(location, 'sample-')"
        )
        return {state for (state,) in states} == {"readable"}

    eventually(are_read, "the sample datasets are read")


def open_pages(browser: Browser, url: str) -> Iterator[NewPage]:
    """Yield what opens a page of the portal at `url` in a browser profile of its own.

    At the end it fails when a page broke its own content policy, when a script of ours failed, or
    when anything was asked from another host.
    """
    contexts, faults = [], []

    def note_console(message: ConsoleMessage) -> None:
        # A page that answers 404 or 429 is logged as well, and is no fault of the page.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            faults.append(f"{message.location['url']}: {message.text}")

    def note_request(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and not request.url.startswith(url):
            faults.append(f"asked for {request.url}")

    def make(*, language: str = "en", width: int = 1280, javascript: bool = True, **more) -> Page:
        context = browser.new_context(
            base_url=url,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            locale=LOCALES[language],
            **more,
        )
        context.set_default_timeout(LONGEST_WAIT)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note_console)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", note_request)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def new_page(browser: Browser, sampled_stack: Stack) -> Iterator[NewPage]:
    """Open pages of the running stack, each in a browser profile of its own."""
    yield from open_pages(browser, sampled_stack.url)


@pytest.fixture
def sign_in(new_page: NewPage, sampled_stack: Stack) -> Callable[[str], Staff]:
    """Sign a member of the sample staff in, in a browser of their own."""

    def sign_in_as(username: str, **more) -> Staff:
        staff = Staff(new_page(**more))
        staff.sign_in(username, sample_logins(sampled_stack)[username])
        return staff

    return sign_in_as
