"""Sending a request: once, with everything, and with a receipt."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.requests_portal.public.person import (
    SHORT_WAY,
    Visitor,
    errors_of,
    read_receipt,
    text_of,
)
from tests.requests_portal.public.pictures import picture
from workflows.cases.models import Case

pytestmark = pytest.mark.django_db


class TestSending:
    def test_the_summary_shows_all_answers_with_links_to_change_them(self, visitor: Visitor):
        visitor.walk()
        page = text_of(visitor.get("request/check/"))

        for text in ("Example Chat", "Mainland China", "lives in Hangzhou", "The forum posts"):
            assert text in page
        for slug in SHORT_WAY:
            assert f'href="/en/request/{slug}/?change=1"' in page

    def test_the_summary_names_the_time_for_what_is_asked(self, visitor: Visitor):
        california = {"residence": {"country": "US"}, "part": {"part": "US-CA"}}
        wishes = {"wishes": {"kinds": ["opt_out_training"]}, "correct": None}
        statements = {"statements": {"opt_out_training": "All of it."}}
        visitor.walk(**wishes, **statements, **california)
        page = text_of(visitor.get("request/check/"))

        assert "fifteen business days" in page
        assert "45 days" not in page

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
        response = visitor.follow(visitor.send())

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
        # The first filing keeps the version of the law, the second reads it.
        new_visitor().file()
        new_visitor().file()
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
        assert count < 20, count
