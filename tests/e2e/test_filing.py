"""A person files a request: in both languages, with and without JavaScript, narrow and wide."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.e2e.person import Person
from tests.stack import eventually

pytestmark = pytest.mark.browser

EMAIL = {"zh-hans": "wang.shili@example.cn", "en": "jo.sample@example.org"}
CONFIRM_LINK = re.compile(r"https?://\S+/confirm/\S+/")
CITATION = {
    "zh-hans": "《生成式人工智能服务管理暂行办法》第十五条",
    "en": "GDPR art. 12(3)",
}


def in_words(day, language: str) -> str:
    if language == "zh-hans":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B} {day.year}"


def due_day(stack, number: str):
    return stack.query("SELECT due_on FROM cases_case WHERE number = %s", (number,))[0][0]


def file_everything(person: Person, screenshot: Path) -> None:
    """Walk the form from the first page to the receipt for a correction and an opt-out."""
    in_chinese = person.language == "zh-hans"
    person.begin()
    person.answer("wishes", kinds=["correct", "opt_out_training"])
    person.answer("service", service="示例助手" if in_chinese else "Sample Assistant")
    person.answer("role", role=["self"])
    person.answer("residence", country="CN" if in_chinese else "DE")
    if not in_chinese:
        person.answer("part", part=["DE-BE"])
    person.answer("subject", subject_name="王示例" if in_chinese else "Jo Sample")
    person.answer("identifiers", kind="handle", value="@sample")
    person.answer(
        "correct",
        claimed="住在上海" if in_chinese else "lives in Bonn",
        correct="住在杭州" if in_chinese else "lives in Berlin",
        where_seen="聊天回答" if in_chinese else "an answer in a chat",
    )
    person.answer("statements", opt_out_training="@sample")
    person.answer("files", attachments=screenshot)
    person.answer("contact", email=EMAIL[person.language])
    expect(person.page.locator("main")).to_contain_text("@sample")
    expect(person.page.locator("main")).to_contain_text(screenshot.name)
    person.go_on()


@pytest.fixture
def screenshot(tmp_path) -> Path:
    path = tmp_path / "screenshot.txt"
    path.write_text("What the model said.", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "how",
    [
        {"language": "zh-hans", "javascript": True, "width": 360},
        {"language": "zh-hans", "javascript": False, "width": 1280},
        {"language": "en", "javascript": False, "width": 360},
        {"language": "en", "javascript": True, "width": 1280},
    ],
    ids=lambda how: "-".join(map(str, how.values())),
)
def test_a_request_is_filed_and_confirmed_by_the_mailed_link(
    new_page, sampled_stack, screenshot, how
):
    language = how["language"]
    person = Person(new_page(**how), language)
    file_everything(person, screenshot)

    expect(person.page.locator("html")).to_have_attribute("lang", language)
    receipt = person.read_receipt(EMAIL[language])
    main = person.page.locator("main")
    expect(main).to_contain_text(in_words(due_day(sampled_stack, receipt.number), language))
    expect(main).to_contain_text(CITATION[language])
    assert not scrolls_sideways(person)
    assert len(PdfReader(BytesIO(person.page.pdf(format="A4"))).pages) == 1

    def link() -> str | None:
        for mail in sampled_stack.mails(to=receipt.email):
            text = mail.get_body(("plain",)).get_content()
            if receipt.number in str(mail["Subject"]) and CONFIRM_LINK.search(text):
                return CONFIRM_LINK.search(text)[0]
        return None

    address = eventually(link, "the mail with the link arrives")
    button = person.page.locator("main form button")

    def opened() -> bool:
        # The mail may be here a moment before the worker has committed that it was sent.
        person.page.goto(address)
        return button.count() == 1

    eventually(opened, "the link is valid")
    button.click()
    expect(person.page.locator("main")).to_contain_text(receipt.number)
    person.open_case(receipt)
    expect(main).to_contain_text(in_words(due_day(sampled_stack, receipt.number), language))
    expect(main).to_contain_text(CITATION[language])
    expect(main).to_contain_text(screenshot.name)
    assert not scrolls_sideways(person)


def scrolls_sideways(person: Person) -> bool:
    return person.page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("javascript", [True, False])
def test_what_is_missing_is_told_at_the_top_with_links_to_the_fields(new_page, javascript):
    person = Person(new_page(javascript=javascript), "en")
    person.begin()
    person.go_on()

    expect(person.page).to_have_title(re.compile("^Error: "))
    expect(person.errors()).to_have_count(1)
    anchor = person.errors().get_attribute("href")
    assert person.page.locator(f"main {anchor}").count() == 1
    person.errors().click()
    expect(person.page).to_have_url(re.compile(f"{anchor}$"))
    if javascript:
        expect(person.page.locator(f"main {anchor}")).to_be_focused()


def test_going_back_keeps_what_was_typed_on_both_pages(new_page):
    person = Person(new_page(javascript=False), "en")
    person.begin()
    person.answer("wishes", kinds=["delete"])
    person.field("service").fill("Half a na")
    person.go_back()
    expect(person.page.locator("[name=kinds][value=delete]")).to_be_checked()
    person.go_on()
    expect(person.field("service")).to_have_value("Half a na")


def test_another_language_keeps_what_was_typed_and_is_remembered(new_page):
    person = Person(new_page(), "en")
    person.begin()
    person.answer("wishes", kinds=["delete"])
    person.field("service").fill("Sample")
    person.page.locator("header button[lang=zh-hans]").click()

    expect(person.page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(person.field("service")).to_have_value("Sample")
    person.page.goto("/")
    expect(person.page.locator("html")).to_have_attribute("lang", "zh-hans")


def test_a_draft_is_taken_up_again_after_the_browser_was_closed(new_page):
    person = Person(new_page(), "zh-hans")
    person.begin()
    person.answer("wishes", kinds=["correct"])
    person.answer("service", service="示例助手")
    kept = person.page.context.storage_state()
    person.page.context.close()

    person = Person(new_page(storage_state=kept), "zh-hans")
    person.open("request/")
    person.page.locator(".notice a.button").click()
    assert person.step == "role"
    person.go_back()
    expect(person.field("service")).to_have_value("示例助手")


def test_what_was_typed_is_kept_without_pressing_a_button(new_page):
    person = Person(new_page(), "en")
    person.begin()
    person.answer("wishes", kinds=["delete"])
    person.field("service").fill("Typed and left")
    expect(person.page.locator(".saved")).not_to_be_empty()
    person.open("request/service/")
    expect(person.field("service")).to_have_value("Typed and left")
