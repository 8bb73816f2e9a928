"""The whole line on the sample datasets: filed, found, judged, decided, applied, searched, answered.

The worker is a real one, and so is the applier. A person asks for a correction of one record in
which they stand, and for the deletion of the others; a namesake's record stays as it is.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import grave_faults
from tests.e2e.person import Person
from tests.e2e.regulator import Regulator, verify
from tests.e2e.samples import sample_logins
from tests.e2e.steward import (
    judge_by_keyboard,
    judge_without_network,
    look_up,
    open_manifest,
    wait_for_state,
)
from tests.filings import Receipt, steps_in_log
from tests.stack import Stack, eventually
from workflows.samples.corpora.generator import read_truth
from workflows.samples.datasets import sample_people

pytestmark = pytest.mark.browser

WHO = "he"
FOLDER = "sample-forum-zh"


@dataclass(frozen=True)
class Case:
    """A person of the sample datasets, the records they stand in, and what is wrong in one."""

    name: str
    email: str
    records: dict[str, str]
    corrected: str
    deleted: str
    namesake: str
    wrong: str
    right: str = "这一句已按本人要求更正"


def records_of(file: Path) -> dict[str, str]:
    """Return the texts of a file of JSONL by their ids."""
    return {row["id"]: row["text"] for row in map(json.loads, file.read_bytes().splitlines())}


@pytest.fixture
def he(sampled_stack: Stack, sample_datasets: None) -> Case:
    """A person who stands in the sample datasets."""
    folder = sampled_stack.folder / "datasets" / FOLDER
    texts = records_of(folder / "posts.jsonl")
    own = [line for line in read_truth(folder / ".truth.jsonl") if line["ref"] == WHO]
    corrected, deleted, namesake = dict.fromkeys(line["id"] for line in own)
    person = next(p for p in sample_people("zh-hans") if p["ref"] == WHO)
    return Case(
        name=person["names"][0],
        email=person["emails"][0],
        records=texts,
        corrected=corrected,
        deleted=deleted,
        namesake=namesake,
        wrong=texts[corrected][:12],
    )


def file_wishes(person: Person, he: Case) -> Receipt:
    """File a correction and a deletion in one request."""
    person.begin()
    person.answer("wishes", kinds=["correct", "delete"])
    person.answer("service", service="示例助手")
    person.answer("role", role=["self"])
    person.answer("residence", country="CN")
    person.answer("subject", subject_name=he.name)
    person.answer("identifiers", kind="email", value=he.email)
    person.answer("correct", claimed=he.wrong, correct=he.right)
    person.answer("statements", delete="请删除其他提到我的帖子。")
    person.answer("files")
    person.answer("contact", email=he.email)
    person.go_on()
    return person.read_receipt(he.email)


def decide(sign_in, number: str, he: Case) -> None:
    """Take the case from its arrival to an approved decision."""
    intake = sign_in("ines")
    intake.open_case(number)
    intake.act("begin_triage")
    intake.act("ask_identity", text="请提供能够证明身份的材料。")
    intake.act("accept_identity", assurance="document", text="已当面核对。")

    reviewer = sign_in("ravi")
    reviewer.open_case(number)
    reviewer.act("confirm_identity", text="已另行核对。")
    reviewer.act("begin_review")
    look_up(reviewer)
    assert not grave_faults(reviewer.page)
    judge_without_network(reviewer)
    theirs = judge_by_keyboard(
        reviewer, lambda said: f" {he.corrected} " in said or f" {he.deleted} " in said
    )
    assert len(theirs) >= 2
    reviewer.open_case(number)
    for _item in ("correct", "delete"):
        reviewer.open_action("record_finding")
        found = reviewer.page.locator("#main [name=training_snapshot]")
        expect(found).to_have_value("found")
        verification = reviewer.page.locator("#main [name=verification]")
        checked = {"verification": "已与本人提供的材料核对。"} if verification.count() else {}
        reviewer.send(text="论坛数据集中有本人的两条记录。", **checked)
    reviewer.act(
        "propose_decision",
        outcome_1="corrected",
        reasons_1="记录有误。",
        outcome_2="deleted",
        reasons_2="没有继续保存的理由。",
    )

    approver = sign_in("amal")
    approver.open_case(number)
    approver.act("approve")


def change_the_data(sign_in, number: str) -> None:
    """Have the manifest applied on the server, and wait until the re-scan found nothing."""
    steward = sign_in("dana")
    open_manifest(steward, number)
    assert not grave_faults(steward.page)
    with steward.page.expect_download() as download:
        steward.page.get_by_role("link", name="entries.jsonl").click()
    entries = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert {entry["op"] for entry in entries} == {"replace", "delete"}
    steward.page.locator("a[href$='/apply/']").first.click()
    steward.page.locator(".staff-narrow .staff-primary").click()
    expect(steward.page).to_have_url(re.compile(r"/change/"))
    wait_for_state(steward, "nothing is left")
    assert not grave_faults(steward.page)


def test_what_a_person_asks_for_is_done_in_the_data_and_proved(
    new_page, sign_in, sampled_stack, he, tmp_path
):
    person = Person(new_page(language="zh-hans"), "zh-hans")
    receipt = file_wishes(person, he)
    decide(sign_in, receipt.number, he)
    change_the_data(sign_in, receipt.number)

    ((location,),) = sampled_stack.query(
        "SELECT location FROM datasets_snapshot WHERE parent_id IS NOT NULL AND state = 'readable'"
    )
    changed = records_of(sampled_stack.folder / "datasets" / location / "posts.jsonl")
    assert he.deleted not in changed
    assert changed.pop(he.corrected) == he.records[he.corrected].replace(he.wrong, he.right)
    assert changed[he.namesake] == he.records[he.namesake]
    untouched = he.records.keys() - {he.corrected, he.deleted}
    assert changed == {record: he.records[record] for record in untouched}

    approver = sign_in("amal")

    def is_done() -> bool:
        approver.open_case(receipt.number)
        return bool(approver.page.locator("#main a[href$='/do/answer/']").count())

    eventually(is_done, "both items are carried out")
    approver.act("answer")

    person.open_case(receipt)

    def answered() -> bool:
        person.page.reload()
        return bool(person.page.locator(".notice-good a.button").count())

    eventually(answered, "the answer is there")
    person.page.locator(".notice-good a.button").click()
    letter = person.page.locator(".letter")
    for words in ("示例论坛帖子", Path(location).name.rpartition("-")[2], "Example Assistant 2"):
        expect(letter).to_contain_text(words)

    regulator = Regulator(new_page())
    regulator.sign_in("regulator-cn", sample_logins(sampled_stack)["regulator-cn"])
    verified = verify(regulator.export(tmp_path / "export"))
    assert verified.stdout.startswith("OK\n"), verified.stdout + verified.stderr
    assert sampled_stack.manage("ledger_verify").endswith("OK\n")
    steps = steps_in_log(sampled_stack, [receipt])[receipt.number]
    assert steps.keys() >= {
        "lookup.finished", "match.reviewed", "manifest.made", "manifest.receipt", "rescan.passed",
        "instruction.applied", "answer.sent",
    }  # fmt: skip
