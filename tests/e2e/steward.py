"""What reviewers and data stewards do with training data in the admin, keyboard and all."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.e2e.staff import Staff
from tests.stack import eventually

# Look-ups, manifests and re-scans go through the outbox, the broker and the worker.
WORK_MILLISECONDS = 60_000


def look_up(reviewer: Staff) -> None:
    """Open the matches of the case that is open, and watch the look-up until it has ended."""
    page = reviewer.page
    page.locator("#main a[href$='/matches/']").first.click()
    expect(page.locator("progress[data-bar]")).to_be_visible()
    # The script of the page asks how far it is, and shows the page anew at the end.
    expect(page.locator("[data-progress]")).to_have_count(0, timeout=WORK_MILLISECONDS)
    expect(page.locator("progress[data-bar]")).to_have_attribute("value", "100")


def judge_by_keyboard(reviewer: Staff, is_theirs: Callable[[str], bool]) -> list[str]:
    """Judge every match that is shown with the keys J, T and N; return those that are theirs.

    `is_theirs` is asked with the words beneath the excerpt: strength, kind, file, record, place.
    """
    page = reviewer.page
    theirs = []
    number = page.locator("[data-match]").count()
    page.keyboard.press("j")
    for place in range(number):
        match = page.locator("[data-match]").nth(place)
        expect(match).to_be_focused()
        said = match.locator(".staff-meta").inner_text()
        if is_theirs(said):
            theirs.append(said)
        page.keyboard.press("t" if is_theirs(said) else "n")
        expect(match.locator("[aria-pressed=true]")).to_have_count(1)
    return theirs


def judge_without_network(reviewer: Staff) -> None:
    """Press a key while nothing comes through: the page says that the judgement was not kept."""
    page = reviewer.page
    first = page.locator("[data-match]").first
    failed = page.locator("[data-matches]").get_attribute("data-failed")
    assert failed
    page.context.set_offline(True)
    page.keyboard.press("j")
    page.keyboard.press("t")
    expect(first.locator("[data-verdict]")).to_have_text(failed)
    page.context.set_offline(False)
    page.reload()


def state_of_manifest(steward: Staff) -> Locator:
    """Return the words about how far the manifest is that is open."""
    return steward.page.locator("#main .clock").first


def open_manifest(steward: Staff, number: str) -> None:
    """Find the manifest of a case by the number of the case, and open it; wait until it is made."""
    page = steward.page
    rows = page.locator("#result_list tbody th a")

    def look() -> int:
        page.goto(f"/staff/corrections/manifest/?q={number}")
        return rows.count()

    eventually(look, "the worker is done", seconds=WORK_MILLISECONDS / 1000)
    rows.first.click()
    expect(page).to_have_url(re.compile(r"/change/"))


def wait_for_state(steward: Staff, words: str) -> None:
    """Look at the page of a manifest again and again until it says these words."""

    def look() -> bool:
        steward.page.reload()
        return words in state_of_manifest(steward).inner_text()

    eventually(look, "the worker is done", seconds=WORK_MILLISECONDS / 1000)
