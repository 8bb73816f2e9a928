"""axe finds nothing serious on any page; the first steps need no mouse; a screen reader hears it.

The Chinese pages are looked at in the dark, the English ones in the light: the contrast of both
themes is checked.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.axe import faults_on, grave_faults
from tests.e2e.person import Person
from tests.e2e.regulator import Regulator
from tests.e2e.samples import sample_logins, sample_receipts
from tests.e2e.staff import Staff

pytestmark = pytest.mark.browser

THEMES = {"zh-hans": "dark", "en": "light"}


@pytest.fixture(params=THEMES)
def person(request, new_page) -> Person:
    page = new_page(language=request.param, color_scheme=THEMES[request.param], width=360)
    return Person(page, request.param)


def walk_of_the_form(person: Person) -> Iterator[None]:
    """Walk through every page of the form, stopping where it shows errors if it can show any."""
    person.begin()
    yield
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
    for path in (
        "",
        "how/",
        "statistics/",
        "verify/",
        "request/",
        "status/",
        "confirm/unknown/",
        "status/left/",
        "nowhere/",
    ):
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


def test_the_numbers_of_cases_are_whole_on_a_phone(sign_in):
    page = sign_in("ravi", width=360).page
    page.goto("/staff/cases/case/")
    numbers = page.locator("#result_list .field-number")
    assert numbers.count()
    cut = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).length"
    assert numbers.evaluate_all(cut) == 0


def action_pages(staff: Staff, numbers: list[str]) -> dict[str, str]:
    """Return, for each action allowed in one of these cases, the address of its page."""
    pages = {}
    for number in numbers:
        staff.open_case(number)
        for address in staff.page.locator("a[href*='/do/']").evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        ):
            pages.setdefault(address.rstrip("/").rsplit("/", 1)[-1], address)
    return pages


def look_at_own_pages(staff: Staff) -> tuple[set[str], list[str]]:
    """Follow the navigation, and the links that add something; return where, and the faults."""
    links = "links => links.map(link => link.getAttribute('href').split('?')[0])"
    staff.page.goto("/staff/")
    waiting = set(staff.page.locator("a[href^='/staff/']").evaluate_all(links))
    seen: set[str] = set()
    faults = []
    while waiting:
        address = min(waiting)
        faults += faults_on(staff.page, [address])
        seen.add(address)
        waiting |= set(staff.page.locator("a[href$='/add/']").evaluate_all(links))
        waiting -= seen
    return seen, faults


def test_the_pages_of_staff_and_of_every_action(sign_in, sampled_stack):
    numbers = sampled_stack.query(
        "SELECT DISTINCT ON (state) number FROM cases_case"
        " WHERE state IN ('triage', 'identity_needed', 'in_review', 'decision_proposed',"
        " 'executing', 'answered', 'contested', 'closed') AND erased_at IS NULL"
        " ORDER BY state, filed_at"
    )
    staff = sign_in("pilar")
    pages = action_pages(staff, [number for (number,) in numbers])
    assert pages.keys() >= {"record_finding", "propose_decision", "approve", "extend"}
    case = staff.page.url
    faults = faults_on(staff.page, [case, *pages.values()])
    assert not faults + look_at_own_pages(staff)[1]


def test_staff_in_chinese_in_the_dark(sign_in):
    staff = sign_in("ravi", language="zh-hans", color_scheme="dark")
    staff.page.goto("/staff/cases/case/?group=all")
    staff.page.locator("#result_list th a").first.click()
    case = staff.page.url
    assert not faults_on(staff.page, ["/staff/", "/staff/cases/case/?group=all", case])


def test_the_pages_of_administrators(sign_in):
    administrator = sign_in("adam")
    pages, faults = look_at_own_pages(administrator)
    assert {"/staff/auth/user/", "/staff/auth/user/add/", "/staff/outbox/effect/"} <= pages
    assert "/staff/accounts/approvalrequest/" in pages
    assert not faults


@pytest.mark.parametrize("language", THEMES)
def test_the_pages_of_regulators(new_page, sampled_stack, language):
    regulator = Regulator(new_page(language=language, color_scheme=THEMES[language]))
    regulator.sign_in("regulator-eu", sample_logins(sampled_stack)["regulator-eu"])
    area = f"/{language}/regulators/"
    pages = (
        "",
        "cases/",
        "statistics/",
        "statistics/yearly/",
        "training/",
        "exports/",
        "exports/new/",
        "exports/key/",
        "checkpoints/",
        "tokens/",
    )
    regulator.choose_export(language)
    faults = faults_on(regulator.page, [area + page for page in pages])
    regulator.page.goto(f"{area}cases/")
    regulator.page.locator("main tbody a").first.click()
    assert not faults + grave_faults(regulator.page)
