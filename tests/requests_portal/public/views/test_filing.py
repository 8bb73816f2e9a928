"""Filing a request page by page, with nothing but links and forms."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse
from django.test import RequestFactory

from requests_portal.public.steps import STEPS
from tests.requests_portal.public.person import (
    SHORT_WAY,
    Visitor,
    errors_of,
    text_of,
    title_of,
)
from workflows.cases.drafts import purge_drafts
from workflows.cases.models import Case, Draft

pytestmark = pytest.mark.django_db


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
        assert "guardian may file for a minor" in page  # the law's condition

    @pytest.mark.parametrize(("country", "asked"), [("CN", True), ("FR", False)])
    def test_a_near_relative_tells_what_the_law_asks_of_them(self, visitor, country, asked):
        visitor.walk(until="residence", role={"role": "near_relative"})
        visitor.answer("residence", country=country)

        page = text_of(visitor.get("request/requester/"))
        assert ("Which interest of your own do you have in this?" in page) is asked
        assert ("Did the person who has died arrange otherwise?" in page) is asked

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

        assert "Step 3 of 10" in text_of(visitor.get("request/role/"))

    def test_the_number_of_steps_is_the_same_whatever_is_chosen(self, visitor: Visitor):
        visitor.walk(role={"role": "agent"}, requester={"requester_name": "L", "authority": "M."})

        for step in STEPS:
            page = visitor.get(f"request/{step.slug}/")
            assert page.status_code == 302 or " of 10<" in text_of(page)
        assert "Step 10 of 10" in text_of(visitor.get("request/check/"))


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
            ("wishes", {}, "id_wishes_0", "Choose at least one thing that you want."),
            ("wishes", {"kinds": ["x"]}, "id_wishes_0", "Choose from the things that can be"),
            ("service", {"service": "x" * 201}, "id_service", "Write at most 200 characters."),
            ("role", {}, "id_role_0", "Choose for whom you are asking."),
            ("residence", {}, "id_country", "Choose a country or region."),
            ("residence", {"country": "XX"}, "id_country", "Choose a country or region from"),
            ("subject", {"subject_name": " "}, "id_subject_name", "Enter your name."),
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
        response = visitor.follow(visitor.answer(slug, **typed))

        page = text_of(response)
        [(first_anchor, first_sentence), *_others] = errors_of(response)
        assert first_anchor == anchor
        assert first_sentence.startswith(sentence)
        assert f'id="{anchor}"' in page
        assert 'role="alert"' in page
        assert title_of(response).startswith("Error: ")

    def test_the_field_points_to_its_sentence(self, visitor: Visitor):
        visitor.walk(until="subject")
        page = text_of(visitor.follow(visitor.answer("subject")))

        assert 'aria-describedby="id_subject_name_helptext id_subject_name_error"' in page
        assert 'id="id_subject_name_error"' in page

    def test_what_staff_were_told_in_the_same_browser_is_no_error(self, visitor: Visitor):
        visitor.walk(until="subject")
        request = RequestFactory().get("/")
        request._messages = CookieStorage(request)
        messages.success(request, "The receipt was recorded.")
        response = HttpResponse()
        request._messages.update(response)
        visitor.client.cookies.update(response.cookies)

        assert "The receipt was recorded." not in text_of(visitor.get("request/subject/"))

    def test_is_a_page_of_its_own_that_can_be_loaded_again(self, visitor: Visitor):
        visitor.walk(until="subject")
        address = visitor.answer("subject", change="1", subject_name="x" * 201)["Location"]

        assert address == "/en/request/subject/?change=1&check=1"
        for _ in range(2):
            page = visitor.client.get(address)
            assert errors_of(page) == [("id_subject_name", "Write at most 200 characters.")]
            assert "x" * 201 in text_of(page)

    def test_a_wrong_page_has_to_be_mended_before_sending(self, visitor: Visitor):
        visitor.walk()
        visitor.answer("subject", go="back", subject_name="")

        assert visitor.get("request/check/").url == "/en/request/subject/"
        assert visitor.send().url == "/en/request/subject/"
        assert not Case.objects.exists()

    def test_at_most_ten_things_can_be_asked_for(self, visitor: Visitor):
        visitor.begin()
        kinds = [kind for kind, _ in STEPS[0].form.base_fields["kinds"].choices]
        response = visitor.follow(visitor.answer("wishes", kinds=kinds))

        assert errors_of(response) == [("id_wishes_0", "Choose at most 10 things.")]


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
