"""The draft of a request: kept, found again, thrown away."""

import datetime as dt
from collections.abc import Callable

import pytest

from tests.requests_portal.public.person import (
    Visitor,
    text_of,
)
from workflows.cases.models import Draft

pytestmark = pytest.mark.django_db


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
