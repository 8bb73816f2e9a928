"""Filing a request page by page, with nothing but links and forms."""

import datetime as dt
from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from requests_portal.public.steps import STEPS
from tests.requests_portal.public.person import (
    SHORT_WAY,
    Visitor,
    errors_of,
    read_receipt,
    text_of,
    title_of,
)
from workflows.cases.drafts import purge_drafts
from workflows.cases.models import Case, Draft, DraftFile

pytestmark = pytest.mark.django_db
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa7\x9a\xa0\xa0"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)


def picture(name: str = "screenshot.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PNG, "image/png")


class TestTheWay:
    def test_a_page_seen_before_beginning_leads_to_the_beginning(self, visitor: Visitor):
        assert visitor.get("request/wishes/").url == "/en/request/"

    def test_beginning_makes_a_draft_and_shows_the_first_question(self, visitor: Visitor):
        response = visitor.begin()

        assert response.url == "/en/request/wishes/"
        assert Draft.objects.count() == 1
        assert "What would you like us to do?" in title_of(visitor.get("request/wishes/"))

    def test_reading_the_start_page_makes_no_draft(self, visitor: Visitor):
        visitor.get("request/")

        assert not Draft.objects.exists()

    def test_each_page_leads_to_the_next_one_that_applies(self, visitor: Visitor):
        visitor.begin()
        seen = []
        for slug, typed in SHORT_WAY.items():
            seen.append(slug)
            following = visitor.answer(slug, **typed).url

        slugs = list(SHORT_WAY)
        assert seen == slugs
        assert following == "/en/request/check/"

    @pytest.mark.parametrize(
        ("slug", "typed", "following"),
        [
            ("role", {"role": "agent"}, "residence"),
            ("residence", {"country": "FR-974"}, "subject"),
            ("residence", {"country": "DE"}, "part"),
            ("statements", {"delete": ""}, "files"),
            ("identifiers", {}, "correct"),
        ],
    )
    def test_pages_that_do_not_apply_are_skipped(self, visitor, slug, typed, following):
        visitor.walk(until=slug)

        assert visitor.answer(slug, **typed).url == f"/en/request/{following}/"

    def test_who_asks_for_somebody_else_says_who_they_are(self, visitor: Visitor):
        visitor.walk(until="residence", role={"role": "guardian"})
        response = visitor.answer("residence", country="CN")

        assert response.url == "/en/request/requester/"
        page = text_of(visitor.get("request/requester/"))
        assert "guardian may file for a child under fourteen" in page  # the law's condition

    def test_questions_are_put_about_the_other_person(self, visitor: Visitor):
        visitor.walk(until="residence", role={"role": "agent"})

        assert "Where does the person live?" in text_of(visitor.get("request/residence/"))

    def test_a_page_that_does_not_apply_cannot_be_opened(self, visitor: Visitor):
        visitor.walk()

        assert visitor.get("request/part/").url == "/en/request/check/"

    def test_what_is_typed_on_such_a_page_leads_on(self, visitor: Visitor):
        visitor.walk()

        assert visitor.answer("part", part="DE-BE").url == "/en/request/check/"

    def test_an_unknown_page_is_not_found(self, visitor: Visitor):
        visitor.begin()

        assert visitor.get("request/nonsense/").status_code == 404

    @pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
    def test_every_page_can_be_shown_and_takes_an_empty_answer(self, visitor: Visitor, step):
        visitor.walk(
            until="correct",
            wishes={"kinds": ["correct", "supplement", "model_output", "ip_claim"]},
            role={"role": "agent"},
            residence={"country": "DE"},
        )
        visitor.answer("residence", country="DE")

        page = visitor.get(f"request/{step.slug}/")
        assert page.status_code == 200
        assert text_of(page).count("<h1") == 1
        assert visitor.answer(step.slug).status_code in {200, 302}

    def test_the_number_of_steps_is_told_in_words(self, visitor: Visitor):
        visitor.walk(until="role")

        # What was asked for so far adds its pages: correct, statements.
        assert "Step 3 of 11" in text_of(visitor.get("request/role/"))


class TestWhatWasTyped:
    def test_is_shown_again(self, visitor: Visitor):
        visitor.walk(until="service")
        visitor.answer("service", service="Example Chat <3")

        assert "Example Chat &lt;3" in text_of(visitor.get("request/service/"))
        assert 'value="correct" id="id_kinds_2" checked' in text_of(visitor.get("request/wishes/"))

    def test_is_kept_when_the_page_is_wrong(self, visitor: Visitor):
        visitor.walk(until="contact")
        visitor.answer("contact", email="not an address", phone="+86 10 1234")

        page = text_of(visitor.get("request/contact/"))
        assert "not an address" in page
        assert "+86 10 1234" in page

    def test_is_kept_by_the_way_back(self, visitor: Visitor):
        visitor.walk(until="role")
        visitor.answer("role", go="back", role="agent")
        response = visitor.answer("service", go="back", service="half a na")

        assert response.url == "/en/request/wishes/"
        assert "half a na" in text_of(visitor.get("request/service/"))

    def test_goes_along_into_the_other_language(self, visitor: Visitor, new_visitor: Callable):
        visitor.walk(until="subject")
        chinese = Visitor(visitor.client, "zh-hans")
        response = chinese.answer("subject", go="language", subject_name="王小明")

        assert response.url == "/zh-hans/request/subject/"
        assert response.cookies["django_language"].value == "zh-hans"
        page = text_of(chinese.get("request/subject/"))
        assert "王小明" in page
        assert '<html lang="zh-hans">' in page

    def test_is_kept_without_leaving_the_page(self, visitor: Visitor):
        visitor.walk(until="service")
        response = visitor.answer("service", go="autosave", service="half a na")

        assert response.status_code == 204
        assert "half a na" in text_of(visitor.get("request/service/"))

    def test_is_kept_without_a_draft(self, visitor: Visitor):
        """The draft's cookie was lost, or the draft is too old: a new one begins with the page."""
        response = visitor.answer("service", service="Example Chat")

        assert response.url == "/en/request/role/"
        assert "Example Chat" in text_of(visitor.get("request/service/"))

    def test_an_answer_that_applies_no_more_is_not_sent(self, visitor: Visitor):
        visitor.walk(role={"role": "agent"}, subject={"subject_name": "Wang"})
        visitor.answer("requester", requester_name="Li Lawyer", authority="A mandate.")
        visitor.answer("role", role="self")
        visitor.send()

        case = Case.objects.get()
        assert [person.name for person in case.people.all()] == ["Wang"]


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("slug", "typed", "anchor", "sentence"),
        [
            ("wishes", {}, "id_kinds_0", "Choose at least one thing that you want."),
            ("wishes", {"kinds": ["x"]}, "id_kinds_0", "Choose from the things that can be"),
            ("service", {"service": "x" * 201}, "id_service", "Write at most 200 characters."),
            ("role", {}, "id_role_0", "Choose for whom you are asking."),
            ("residence", {}, "id_country", "Choose a country or region."),
            ("residence", {"country": "XX"}, "id_country", "Choose a country or region from"),
            ("subject", {"subject_name": " "}, "id_subject_name", "Enter the name of the person"),
            ("identifiers", {"0-value": "x"}, "id_0-kind", "Choose what kind of detail"),
            ("identifiers", {"0-kind": "url"}, "id_0-value", "Fill in the detail"),
            ("correct", {}, "id_0-claimed", "Write what is wrong."),
            ("correct", {"0-claimed": "x"}, "id_0-correct", "Write what would be right."),
            ("statements", {"delete": "x" * 5001}, "id_delete", "Write at most 5000 characters."),
            ("contact", {}, "id_email", "Enter an e-mail address, or tick"),
            ("contact", {"email": "x"}, "id_email", "Enter an e-mail address like"),
        ],
    )
    def test_leads_from_the_summary_to_its_field(self, visitor, slug, typed, anchor, sentence):
        visitor.walk(until=slug)
        response = visitor.answer(slug, **typed)

        assert response.status_code == 200
        page = text_of(response)
        [(first_anchor, first_sentence), *_others] = errors_of(response)
        assert first_anchor == anchor
        assert first_sentence.startswith(sentence)
        assert f'id="{anchor}"' in page
        assert 'role="alert"' in page
        assert title_of(response).startswith("Error: ")

    def test_the_field_points_to_its_sentence(self, visitor: Visitor):
        visitor.walk(until="subject")
        page = text_of(visitor.answer("subject"))

        assert 'aria-describedby="id_subject_name_helptext id_subject_name_error"' in page
        assert 'id="id_subject_name_error"' in page

    def test_a_wrong_page_has_to_be_mended_before_sending(self, visitor: Visitor):
        visitor.walk()
        visitor.answer("subject", go="back", subject_name="")

        assert visitor.get("request/check/").url == "/en/request/subject/"
        assert visitor.send().url == "/en/request/subject/"
        assert not Case.objects.exists()

    def test_at_most_ten_things_can_be_asked_for(self, visitor: Visitor):
        visitor.begin()
        kinds = [kind for kind, _ in STEPS[0].form.base_fields["kinds"].choices]
        response = visitor.answer("wishes", kinds=kinds)

        assert errors_of(response) == [("id_kinds_0", "Choose at most 10 things.")]


class TestRows:
    def test_can_be_added_and_removed_without_javascript(self, visitor: Visitor):
        visitor.walk(until="identifiers")
        first = {"0-kind": "email", "0-value": "a@example.org"}
        response = visitor.answer("identifiers", go="add", **first)
        assert response.url == "/en/request/identifiers/#row-2"
        assert 'id="id_1-value"' in text_of(visitor.get("request/identifiers/"))

        both = {**first, "1-kind": "handle", "1-value": "@b"}
        visitor.answer("identifiers", go="remove:0", **both)
        page = text_of(visitor.get("request/identifiers/"))
        assert "a@example.org" not in page
        assert 'value="@b"' in page

    def test_a_blank_row_does_not_count(self, visitor: Visitor):
        visitor.file(
            identifiers={"0-kind": "", "0-value": "  ", "1-kind": "handle", "1-value": "@b"}
        )

        assert [i.value for i in Case.objects.get().identifiers.all()] == ["@b"]

    def test_no_more_rows_than_the_domain_takes(self, visitor: Visitor):
        visitor.walk(until="identifiers")
        many = {f"{n}-value": f"@{n}" for n in range(30)} | {
            f"{n}-kind": "handle" for n in range(30)
        }
        visitor.answer("identifiers", go="add", **many)

        page = text_of(visitor.get("request/identifiers/"))
        assert 'id="id_19-value"' in page
        assert 'id="id_20-value"' not in page
        assert "Add another detail" not in page

    def test_two_mistakes_become_two_items(self, visitor: Visitor):
        visitor.file(
            correct={
                "0-claimed": "Shanghai",
                "0-correct": "Hangzhou",
                "1-claimed": "a lawyer",
                "1-correct": "a teacher",
            }
        )

        items = Case.objects.get().items.all()
        assert [item.kind for item in items] == ["correct", "correct", "delete"]
        assert items[1].details == {"claimed": "a lawyer", "correct": "a teacher"}


class TestFiles:
    def test_are_added_shown_and_removed(self, visitor: Visitor):
        visitor.walk(until="files")
        visitor.answer("files", go="add_file", attachments=[picture(), picture("second.png")])
        assert "second.png" in text_of(visitor.get("request/files/"))

        kept = next(
            file for file in DraftFile.objects.all() if file.details["name"] == "second.png"
        )
        visitor.answer("files", go=f"remove_file:{kept.pk}")
        assert "second.png" not in text_of(visitor.get("request/files/"))
        assert DraftFile.objects.count() == 1

    def test_are_also_taken_by_going_on(self, visitor: Visitor):
        visitor.walk(until="files")

        assert visitor.answer("files", attachments=picture()).url == "/en/request/contact/"
        assert DraftFile.objects.count() == 1

    def test_of_an_unknown_type_are_refused(self, visitor: Visitor):
        visitor.walk(until="files")
        page = SimpleUploadedFile("page.png", b"\x7fELF\x02\x01\x01" + bytes(60), "image/png")
        response = visitor.answer("files", attachments=page)

        assert errors_of(response)[0][0] == "id_attachments"
        assert not DraftFile.objects.exists()

    def test_no_more_than_five(self, visitor: Visitor):
        visitor.walk(until="files")
        visitor.answer("files", attachments=[picture(f"{n}.png") for n in range(5)])
        response = visitor.answer("files", attachments=picture("6.png"))

        assert errors_of(response) == [("id_attachments", "Add at most 5 files.")]

    def test_larger_than_is_held_in_memory_are_refused_with_a_sentence(self, visitor, settings):
        settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2048
        visitor.walk(until="files")
        large = BytesIO(PNG + bytes(4096))
        large.name = "large.png"
        response = visitor.answer("files", attachments=large)

        [(anchor, sentence)] = errors_of(response)
        assert anchor == "id_attachments"
        assert sentence.startswith("The files are too large to be sent together.")

    def test_of_another_draft_cannot_be_removed(self, visitor: Visitor, new_visitor: Callable):
        visitor.walk(until="files")
        visitor.answer("files", attachments=picture())
        stranger = new_visitor()
        stranger.walk(until="files")
        stranger.answer("files", go=f"remove_file:{DraftFile.objects.get().pk}")

        assert DraftFile.objects.count() == 1

    def test_do_not_change_the_cost_of_the_page(self, visitor, django_assert_max_num_queries):
        visitor.walk(until="files")
        visitor.answer("files", attachments=[picture(f"{n}.png") for n in range(5)])

        with django_assert_max_num_queries(3):
            visitor.get("request/files/")

    @pytest.mark.parametrize("file_id", ["", "x", "0", "1; DROP TABLE"])
    def test_a_made_up_file_is_not_there_to_be_removed(self, visitor: Visitor, file_id: str):
        visitor.walk(until="files")

        assert visitor.answer("files", go=f"remove_file:{file_id}").status_code == 302


class TestTheDraft:
    def test_is_found_again_by_the_browser_only(self, visitor: Visitor, new_visitor: Callable):
        visitor.walk(until="subject")
        visitor.answer("subject", subject_name="Wang Xiaoming")

        assert "Wang Xiaoming" in text_of(visitor.get("request/subject/"))
        assert new_visitor().get("request/subject/").url == "/en/request/"

    def test_is_offered_on_the_start_page(self, visitor: Visitor):
        visitor.walk(until="subject")

        assert 'href="/en/request/subject/"' in text_of(visitor.get("request/"))

    def test_lies_behind_a_cookie_that_scripts_cannot_read(self, visitor: Visitor):
        cookie = visitor.begin().cookies["draft"]

        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == dt.timedelta(days=30).total_seconds()
        assert cookie["path"] == "/"

    def test_beginning_anew_deletes_the_draft_before(self, visitor: Visitor):
        visitor.walk(until="subject")
        before = Draft.objects.get()
        visitor.begin()

        assert Draft.objects.get() != before

    def test_is_deleted_only_after_a_question(self, visitor: Visitor):
        visitor.walk(until="subject")
        assert "Delete the draft?" in text_of(visitor.get("request/discard/"))
        assert Draft.objects.exists()

        response = visitor.post("request/discard/", go="continue")
        assert "The draft is deleted" in text_of(response)
        assert not Draft.objects.exists()
        assert response.cookies["draft"]["max-age"] == 0

    def test_two_windows_do_not_lose_each_others_pages(self, visitor: Visitor):
        visitor.walk(until="subject")
        visitor.answer("service", service="from one window")
        visitor.answer("subject", subject_name="from the other")

        assert "from one window" in text_of(visitor.get("request/service/"))
        assert "from the other" in text_of(visitor.get("request/subject/"))

    def test_holds_nothing_in_the_clear(self, visitor: Visitor):
        visitor.walk()
        raw = Draft.objects.values_list("answers", flat=True).get()

        assert b"Wang" not in bytes(raw)


class TestSending:
    def test_the_summary_shows_all_answers_with_links_to_change_them(self, visitor: Visitor):
        visitor.walk()
        page = text_of(visitor.get("request/check/"))

        for text in ("Example Chat", "Mainland China", "lives in Hangzhou", "The forum posts"):
            assert text in page
        for slug in SHORT_WAY:
            assert f'href="/en/request/{slug}/?change=1"' in page

    def test_a_change_leads_back_to_the_summary(self, visitor: Visitor):
        visitor.walk()
        assert 'name="change"' in text_of(visitor.get("request/service/?change=1"))

        assert visitor.answer("service", service="x", change="1").url == "/en/request/check/"

    def test_a_change_that_brings_new_questions_asks_them(self, visitor: Visitor):
        visitor.walk()
        visitor.answer("residence", country="DE", change="1")

        assert visitor.get("request/check/").url == "/en/request/part/"

    def test_what_was_answered_is_what_is_filed(self, visitor: Visitor):
        number, _receipt = visitor.file(
            residence={"country": "GB"},
            part={"part": "GB-SCT"},
            subject={"subject_name": "  Wang Xiaoming "},
        )

        case = Case.objects.get(number=number)
        assert case.residence == "GB-SCT"
        assert case.regime == "UK"
        assert case.language == "en"
        assert case.service == "Example Chat"
        assert case.kinds == ["correct", "delete"]
        subject = case.people.get()
        assert subject.name == "Wang Xiaoming"
        assert subject.email == "xiaoming@example.cn"
        assert [(i.kind, i.value) for i in case.identifiers.all()] == [
            ("email", "xiaoming@example.cn")
        ]
        correction, deletion = case.items.all()
        assert correction.details == {
            "claimed": "lives in Shanghai",
            "correct": "lives in Hangzhou",
            "where_seen": "a chat",
        }
        assert deletion.details == {"statement": "The forum posts of 2019."}

    def test_what_a_model_said_is_filed_with_prompts_and_links(self, visitor: Visitor):
        visitor.file(
            wishes={"kinds": ["model_output"]},
            correct=None,
            statements=None,
            model_output={
                "0-statement": "He was arrested.",
                "0-prompts": "Who is\nWang?",
                "0-urls": "https://a.example/1\n\n https://a.example/2 ",
            },
        )

        assert Case.objects.get().items.get().details == {
            "statement": "He was arrested.",
            "prompts": ["Who is\nWang?"],
            "urls": ["https://a.example/1", "https://a.example/2"],
        }

    def test_files_of_the_draft_come_along(self, visitor: Visitor):
        visitor.file(files={"attachments": picture("ümläut 截图.png")})

        assert Case.objects.get().attachments.get().name == "ümläut 截图.png"

    def test_without_an_address(self, visitor: Visitor):
        visitor.file(contact={"no_contact": "on"})

        assert not Case.objects.get().has_contact

    def test_twice_gives_one_case_and_the_same_receipt(self, visitor: Visitor):
        first = visitor.file()
        response = visitor.send()

        assert response.url == "/en/request/receipt/"
        assert read_receipt(visitor.get("request/receipt/")) == first
        assert Case.objects.count() == 1

    def test_the_receipt_is_the_same_in_the_other_language(self, visitor: Visitor):
        """The answer to the sending was lost, and the person comes back in Chinese."""
        visitor.walk()
        visitor.send()
        chinese = Visitor(visitor.client, "zh-hans")

        assert chinese.send().url == "/zh-hans/request/receipt/"
        assert read_receipt(chinese.get("request/receipt/")) == read_receipt(
            visitor.get("request/receipt/")
        )
        assert Case.objects.get().language == "en"

    def test_what_was_sent_cannot_be_changed_any_more(self, visitor: Visitor):
        visitor.file()

        assert visitor.get("request/subject/").url == "/en/request/receipt/"
        assert visitor.answer("subject", subject_name="x").url == "/en/request/receipt/"
        assert visitor.get("request/check/").url == "/en/request/receipt/"
        assert visitor.post("request/discard/").url == "/en/request/receipt/"

    def test_another_request_can_be_filed_afterwards(self, visitor: Visitor):
        first, _ = visitor.file()
        assert "Show its receipt" in text_of(visitor.get("request/"))
        second, _ = visitor.file()

        assert first != second

    def test_too_many_rows_together_are_refused_on_the_summary(self, visitor: Visitor):
        rows = {f"{n}-claimed": "x" for n in range(10)} | {f"{n}-correct": "y" for n in range(10)}
        visitor.walk(correct=rows)
        response = visitor.send()

        assert errors_of(response) == [("summary", "Choose at most 10 things.")]
        assert not Case.objects.exists()
        assert "The forum posts" in text_of(response)

    def test_a_language_switch_on_the_summary_sends_nothing(self, visitor: Visitor):
        visitor.walk()
        chinese = Visitor(visitor.client, "zh-hans")
        response = chinese.post("request/check/", go="language")

        assert response.url == "/zh-hans/request/check/"
        assert not Case.objects.exists()

    def test_costs_the_same_number_of_queries_however_much_lies_in_the_database(
        self, visitor: Visitor, new_visitor: Callable, django_assert_num_queries
    ):
        new_visitor().file()  # the first filing keeps the version of the law
        visitor.walk()
        with CaptureQueriesContext(connection) as captured:
            visitor.send()
            count = len(captured)
        for _ in range(3):
            new_visitor().file()
        other = new_visitor()
        other.walk()
        with django_assert_num_queries(count):
            other.send()
        assert count < 45


class TestChinese:
    def test_the_same_way_leads_to_a_chinese_case(self, new_visitor: Callable):
        person = new_visitor("zh-hans")
        number, _ = person.file(subject={"subject_name": "王小明"})

        assert Case.objects.get(number=number).language == "zh-hans"
        page = text_of(person.get("request/receipt/"))
        assert '<html lang="zh-hans">' in page
        assert "自收到请求的次日起十五个工作日内答复" in page

    def test_countries_are_sorted_by_pinyin(self, new_visitor: Callable):
        person = new_visitor("zh-hans")
        person.walk(until="residence")
        page = text_of(person.get("request/residence/"))

        assert page.index("阿尔巴尼亚") < page.index("德国") < page.index("中国大陆")


def test_a_draft_that_was_purged_asks_to_begin_again(visitor: Visitor):
    visitor.walk(until="subject")
    Draft.objects.update(changed_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    purge_drafts()

    assert visitor.get("request/subject/").url == "/en/request/"
