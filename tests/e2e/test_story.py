"""One case from the request to the answer and the objection, by the people who work it."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import grave_faults
from tests.e2e.person import Person
from tests.filings import Receipt, steps_in_log
from tests.stack import eventually

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("sample_datasets")]

SCOPES = ("raw_collection", "training_snapshot", "fine_tuning", "model", "prompts_outputs")


@pytest.fixture
def person(new_page) -> Person:
    return Person(new_page(), "en")


def file_correction(person: Person, email: str) -> Receipt:
    person.begin()
    person.answer("wishes", kinds=["correct"])
    person.answer("service")
    person.answer("role", role=["self"])
    person.answer("residence", country="GB")
    person.answer("part", part=["GB-SCT"])
    person.answer("subject", subject_name="Nell Sample")
    person.answer("identifiers")
    person.answer("correct", claimed="born in 1960", correct="born in 1970")
    person.answer("files")
    person.answer("contact", email=email)
    person.go_on()
    return person.read_receipt(email)


def wait_for_mail(stack, receipt: Receipt, words: str) -> None:
    """Wait for a mail to the person whose subject holds these words and the case number."""

    def subjects() -> list[str]:
        return [str(mail["Subject"]) for mail in stack.mails(to=receipt.email)]

    def found() -> bool:
        return any(words in subject and receipt.number in subject for subject in subjects())

    eventually(found, f"a mail says {words}")


def test_a_case_goes_from_the_request_to_answer_and_objection(
    person, sign_in, sampled_stack, tmp_path
):
    receipt = file_correction(person, "nell.sample@example.org")

    intake = sign_in("ines")
    intake.open_case(receipt.number)
    intake.act("begin_triage")
    intake.act("ask_identity", text="Please send a letter that shows your year of birth.")

    proof = tmp_path / "letter.txt"
    proof.write_text("Born in 1970.", encoding="utf-8")
    wait_for_mail(sampled_stack, receipt, "that it is you")
    person.open_case(receipt)
    expect(person.page.locator(".notice-strong")).to_contain_text("a letter that shows")
    person.write("Here it is.", proof)
    expect(person.page.locator("main")).to_contain_text("Here it is.")
    files = person.page.locator("section[aria-labelledby=files]")
    expect(files).to_contain_text("letter.txt")

    intake.open_case(receipt.number)
    with intake.page.expect_download() as download:
        intake.page.get_by_role("link", name="letter.txt").click()
    assert download.value.path().read_bytes() == proof.read_bytes()
    intake.act("accept_identity", assurance="document", text="The letter shows the year.")

    reviewer = sign_in("ravi")
    reviewer.open_case(receipt.number)
    reviewer.act("begin_review")

    def looked_up() -> bool:
        reviewer.open_case(receipt.number)
        reviewer.page.locator("#main a[href$='/do/record_finding/']").first.click()
        expect(reviewer.page.locator("#main h2")).to_have_text("Record a finding")
        said = reviewer.page.get_by_text(re.compile("The look-up: .*: Searched, nothing found"))
        return said.count() == 1

    eventually(looked_up, "the look-up has searched the sample datasets")
    reviewer.fill(
        text="One record says 1960.",
        **dict.fromkeys(SCOPES, "searched") | {"training_snapshot": "found"},
    )
    # The reviewer knows better than the look-up, and is asked once more.
    expect(reviewer.page.locator("#main")).to_contain_text("The look-up came to something else")
    assert not grave_faults(reviewer.page)
    reviewer.page.locator("#main [name=differs]").check()
    reviewer.send()
    reviewer.act("propose_decision", outcome_1="corrected", reasons_1="The record was wrong.")
    assert not reviewer.page.locator("#main a[href$='/do/approve/']").count()

    approver = sign_in("amal")
    approver.open_case(receipt.number)
    approver.open_action("approve")
    expect(approver.page.locator("#main")).to_contain_text("no record was judged to be the person")
    assert not grave_faults(approver.page)
    approver.send(explanation="The steward changes the record by hand.")

    steward = sign_in("dana")

    def instructed() -> bool:
        steward.open_case(receipt.number)
        steward.open_action("record_execution")
        return steward.page.locator("[name=instruction] option").count() == 1

    eventually(instructed, "the instruction to correct is there")
    steward.open_case(receipt.number)
    steward.act("record_execution", receipt="Snapshot 2026-11, found again with the right year.")

    approver.open_case(receipt.number)
    approver.open_action("answer")
    assert not grave_faults(approver.page)
    approver.open_case(receipt.number)
    approver.act("answer")

    wait_for_mail(sampled_stack, receipt, "answer")
    person.open("status/")
    person.page.locator(".notice-good a.button").click()
    expect(person.page.locator(".letter")).to_contain_text("The record was wrong.")
    person.page.locator("a[href$='/contest/']").click()
    person.field("reasons").fill("A second record still says 1960.")
    person.go_on()
    expect(person.page.locator(".state")).to_contain_text("contested")

    reviewer.open_case(receipt.number)
    assert not reviewer.page.locator("#main a[href$='/do/reopen/']").count()
    other_reviewer = sign_in("rosa")
    other_reviewer.open_case(receipt.number)
    other_reviewer.act("reopen")

    def in_log() -> set[str]:
        return set(steps_in_log(sampled_stack, [receipt])[receipt.number])

    expected = {"identity.proved", "finding.recorded", "decision.approved", "answer.sent"}
    eventually(lambda: in_log() >= {*expected, "case.contested", "review.reopened"}, "all in log")
    # Whoever looks at personal data leaves a trace.
    assert "case.viewed" in in_log()
