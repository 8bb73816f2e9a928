"""axe finds nothing serious on any page; the first steps need no mouse; a screen reader hears it.

The Chinese pages are looked at in the dark, the English ones in the light: the contrast of both
themes is checked.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.person import Person

pytestmark = pytest.mark.browser

THEMES = {"zh-hans": "dark", "en": "light"}
GRAVE = {"serious", "critical"}


def grave_faults(page: Page) -> list[str]:
    """Return what axe finds serious or critical on a page, with the elements."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{page.url} {violation['id']}: {violation['help']} {node['target']} {node['html'][:150]}"
        for violation in violations
        if violation["impact"] in GRAVE
        for node in violation["nodes"][:3]
    ]


@pytest.fixture(params=THEMES)
def person(request, new_page) -> Person:
    page = new_page(language=request.param, color_scheme=THEMES[request.param], width=360)
    return Person(page, request.param)


def sample_receipts(stack, language: str) -> dict[str, tuple[str, str]]:
    """Return number and receipt of the sample cases in a language, by state."""
    lines = (stack.folder / "sample-logins.txt").read_text(encoding="utf-8").split("\n\n")[1]
    rows = [line.split() for line in lines.splitlines()[1:]]
    return {
        state: (number, secret) for state, number, secret, link in rows if f"/{language}/" in link
    }


def walk_of_the_form(person: Person) -> Iterator[None]:
    """Walk through every page of the form, each of them empty, with its errors and filled in."""
    person.begin()
    for step, answers in (
        ("wishes", {"kinds": ["correct", "supplement", "model_output", "delete", "ip_claim"]}),
        ("service", {}),
        ("role", {"role": ["guardian"]}),
        ("residence", {"country": "DE"}),
        ("part", {"part": ["DE-BE"]}),
        ("requester", {"requester_name": "Ada Sample", "authority": "Mother."}),
        ("subject", {"subject_name": "Bo Sample"}),
        ("identifiers", {"kind": "handle", "value": "@bo"}),
        ("correct", {"claimed": "1", "correct": "2"}),
        ("supplement", {"correct": "3"}),
        ("model_output", {"statement": "4"}),
        ("statements", {"ip_claim": "5"}),
        ("files", {"attachments": Path(__file__)}),
        ("contact", {"email": "ada.sample@example.org"}),
    ):
        yield
        if step not in {"service", "identifiers", "files"}:
            person.go_on()
            yield
        person.answer(step, **answers)
    yield
    person.go_on()
    yield


def test_the_form_from_the_first_page_to_the_receipt(person):
    faults = [fault for _page in walk_of_the_form(person) for fault in grave_faults(person.page)]
    assert not faults


def test_the_pages_beside_the_form(person):
    faults = []
    for path in ("", "how/", "request/", "status/", "confirm/unknown/", "status/left/", "nowhere/"):
        person.open(path)
        faults += grave_faults(person.page)
    person.open("status/")
    person.go_on()
    faults += grave_faults(person.page)
    person.begin()
    person.open("request/discard/")
    faults += grave_faults(person.page)
    person.page.locator("main button.danger").click()
    faults += grave_faults(person.page)
    assert not faults


def test_the_pages_of_a_case(person, sampled_stack):
    receipts = sample_receipts(sampled_stack, person.language)
    faults = []
    for state in sorted(receipts):
        person.open("status/")
        person.field("number").fill(receipts[state][0])
        person.field("receipt").fill(receipts[state][1])
        person.go_on()
        for page in ("", "proof/", "write/", "withdraw/", "contest/"):
            person.open(f"status/case/{page}")
            # A page that the state does not allow leads back to the case.
            if person.page.url.endswith(f"/status/case/{page}"):
                faults += grave_faults(person.page)
        answer = person.page.locator("main .notice-good a.button")
        person.open("status/case/")
        if answer.count():
            answer.click()
            faults += grave_faults(person.page)
        person.open("status/case/")
        person.page.locator(".case-head button").click()
    assert not faults
