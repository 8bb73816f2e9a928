"""A reviewer judges what a look-up found, takes a judgement back, and records what follows from it."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.axe import grave_faults
from tests.e2e.staff import Staff
from tests.e2e.steward import judge_by_keyboard, look_up
from tests.filings import file_request
from tests.stack import Stack, eventually
from workflows.samples.datasets import sample_people

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("sample_datasets")]

# Stands in the sample data twice with an address, and once as a namesake.
WHO = "he"


@pytest.fixture
def number(sampled_stack: Stack, sign_in) -> str:
    """The number of a case under review, of a person who stands in the sample data."""
    person = next(p for p in sample_people("zh-hans") if p["ref"] == WHO)
    receipt = file_request(
        sampled_stack,
        name=person["names"][0],
        email=person["emails"][0],
        item={"kind": "correct", "details": {"claimed": "born in 1960", "correct": "born in 1970"}},
    )
    intake = sign_in("ines")
    intake.open_case(receipt.number)
    intake.act("begin_triage")
    intake.act("ask_identity", text="Please send a letter that shows your year of birth.")
    intake.act("accept_identity", assurance="document", text="The letter shows the year.")
    reviewer = sign_in("ravi")
    reviewer.open_case(receipt.number)
    reviewer.act("begin_review")
    look_up(reviewer)
    return receipt.number


def find_theirs(reviewer: Staff, number: str) -> None:
    """Judge what was found, and record that the strong places are the person's."""
    open_matches(reviewer, number)
    assert judge_by_keyboard(reviewer, is_strong)
    reviewer.open_case(number)
    reviewer.act(
        "record_finding", text="Two posts.", verification="A letter.", training_snapshot="found"
    )


def open_matches(reviewer: Staff, number: str) -> Locator:
    """Open the places found for a case; return those that are shown."""
    reviewer.open_case(number)
    reviewer.page.locator("#main a[href$='/matches/']").first.click()
    expect(reviewer.page.locator("[data-matches]")).to_be_visible()
    return reviewer.page.locator("[data-match]")


def is_strong(said: str) -> bool:
    return "Strong" in said


def test_nothing_is_judged_together_that_was_not_chosen_and_all_of_it_is_undone(sign_in, number):
    reviewer = sign_in("ravi")
    places = open_matches(reviewer, number)
    page, number_of_places = reviewer.page, places.count()
    weak = places.filter(has_text="Weak")
    strong = places.filter(has_text="Strong")
    assert weak.count()
    expect(weak.locator("[name=match]")).to_have_count(0)
    expect(page.locator("#main [name=match]:checked")).to_have_count(0)
    expect(page.locator("#verdict")).to_have_value("")

    chosen = strong.count()
    assert chosen > 1
    page.locator("[data-tick-all]").click()
    page.locator("#verdict").select_option("not_theirs")
    page.locator("[value=judge_chosen]").click()
    expect(places).to_have_count(number_of_places - chosen)

    undo = page.locator("[data-undo]")
    expect(undo).to_contain_text(f"{chosen} places as")
    undo.get_by_role("button").click()
    expect(places).to_have_count(number_of_places)
    expect(undo).to_be_hidden()


def test_a_finding_says_what_the_look_up_found_and_waits_until_all_of_it_is_judged(sign_in, number):
    reviewer = sign_in("ravi")
    places = open_matches(reviewer, number).count()
    reviewer.open_case(number)
    page = reviewer.page
    page.locator("#main a[href$='/do/record_finding/']").first.click()
    alert = page.locator("#main [role=alert]")
    expect(alert).to_contain_text(f"{places} places")
    expect(page.locator("#main [name=training_snapshot]")).to_have_count(0)
    assert not grave_faults(page)

    alert.get_by_role("link").click()
    assert judge_by_keyboard(reviewer, is_strong)
    page.reload()
    page.locator("#main a[href$='/do/record_finding/']").click()
    expect(page.locator("#main [name=training_snapshot]")).to_have_value("found")
    assert not grave_faults(page)
    reviewer.fill(text="Nothing of theirs.", training_snapshot="searched")
    expect(page.locator("#main")).to_contain_text("The look-up came to something else")
    reviewer.send(text="Two posts.", training_snapshot="found")


def test_an_approved_correction_whose_wording_stands_nowhere_says_why_and_what_to_do(
    sign_in, number
):
    reviewer = sign_in("ravi")
    find_theirs(reviewer, number)
    reviewer.act("propose_decision", outcome_1="corrected", reasons_1="It was wrong.")

    approver = sign_in("amal")
    approver.open_case(number)
    approver.open_action("approve")
    page = approver.page
    expect(page.locator("#main")).to_contain_text("the wording to be replaced is in none of the")
    assert page.locator(".staff-diff").count()
    assert not grave_faults(page)
    approver.send()

    def told() -> int:
        approver.open_case(number)
        return page.get_by_text("in none of the records judged to be").count()

    eventually(told, "a manifest was to be made")
    assert not grave_faults(page)
    page.get_by_role("link", name="Send it back to the review").click()
    approver.send(text="Look for other wording.")
    assert approver.state() == "Under review"
