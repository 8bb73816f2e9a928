"""A complaint from the status page to its outcome, in the language of the person."""

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import grave_faults
from tests.e2e.person import Person
from tests.filings import file_request, steps_in_log, wait_for_effects
from tests.stack import eventually

pytestmark = pytest.mark.browser

COMPLAINT = "三周了，没有人回复我的来信。"
PROGRESS = "我们正在查找您的来信。"
REASONS = "您的来信被误放到另一个文件夹。"
REDRESS = "今天已经答复，并更改了分拣流程。"


def test_a_complaint_is_acknowledged_and_answered_by_somebody_else(
    new_page, sign_in, sampled_stack
):
    receipt = file_request(sampled_stack)
    wait_for_effects(sampled_stack, [receipt])
    person = Person(new_page(language="zh-hans", width=360), "zh-hans")
    person.open_case(receipt)
    person.page.locator("a[href$='/complain/']").click()
    assert not grave_faults(person.page)
    person.field("reasons").fill(COMPLAINT)
    person.go_on()
    complaint = person.page.locator("main .complaint")
    expect(complaint).to_contain_text(COMPLAINT)
    expect(complaint.locator(".clock")).to_contain_text(
        "《生成式人工智能服务管理暂行办法》第十五条"
    )
    assert not grave_faults(person.page)

    intake = sign_in("ines")
    intake.open_case(receipt.number)
    intake.act_on_complaint("acknowledge")

    reviewer = sign_in("ravi")
    reviewer.open_case(receipt.number)
    reviewer.act_on_complaint("take_up")
    reviewer.act_on_complaint("tell_progress", text=PROGRESS)
    person.open("status/case/")
    expect(complaint).to_contain_text(PROGRESS)

    reviewer.open_action_on_complaint("answer")
    assert not grave_faults(reviewer.page)
    reviewer.send(finding="upheld", text=REASONS, redress=REDRESS)
    assert not grave_faults(reviewer.page)

    person.open("status/case/")
    for text in (REASONS, REDRESS):
        expect(complaint).to_contain_text(text)
    assert not grave_faults(person.page)

    def steps() -> set[str]:
        return set(steps_in_log(sampled_stack, [receipt])[receipt.number])

    told = {"received", "acknowledged", "taken_up", "progress_told", "answered"}
    eventually(lambda: steps() >= {f"complaint.{step}" for step in told}, "all in the log")
