"""What a person does to their case on the status pages."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import factories
from tests.requests_portal.public.person import Visitor, errors_of, text_of, title_of
from workflows.cases.attachments import Upload
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Message

pytestmark = pytest.mark.django_db


def note(name: str = "proof.txt", text: bytes = b"It is me.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text, "text/plain")


def state_of(case: Case) -> str:
    return Case.objects.get(pk=case.pk).state


class TestWriting:
    def test_sends_a_message_with_files(self, visitor: Visitor):
        case = factories.make_case()
        visitor.open(case)
        response = visitor.act("write", body="Hello", attachments=[note(), note("second.txt")])

        assert response.url == "/en/status/case/"
        message = case.messages.get()
        assert (message.body, message.from_person) == ("Hello", True)
        assert {file.name for file in case.attachments.all()} == {"proof.txt", "second.txt"}
        assert "Hello" in text_of(visitor.get("status/case/"))

    def test_answers_the_question_that_waits(self, visitor: Visitor):
        case = factories.make_case(State.INFORMATION_NEEDED)
        visitor.open(case)
        assert "Which account do you mean?" in text_of(visitor.get("status/case/write/"))
        visitor.act("write", body="The second one.")

        assert state_of(case) == State.IN_REVIEW

    def test_who_filed_with_five_files_can_still_prove_who_they_are(self, visitor: Visitor):
        uploads = tuple(Upload(f"{n}.txt", b"text") for n in range(5))
        case = factories.file(uploads=uploads).case
        visitor.open(case)
        visitor.act("write", body="Here is the document.", attachments=note())

        assert case.attachments.count() == 6

    def test_no_more_than_five_files_at_once(self, visitor: Visitor):
        case = factories.make_case()
        visitor.open(case)
        files = [note(f"{n}.txt") for n in range(6)]
        response = visitor.follow(visitor.act("write", body="Hello <3", attachments=files))

        assert errors_of(response) == [("id_attachments", "Add at most 5 files.")]
        assert "Hello &lt;3" in text_of(response)
        assert not case.messages.exists()

    def test_no_more_than_twenty_five_files_in_all(self, visitor: Visitor):
        case = factories.make_case()
        visitor.open(case)
        for _ in range(5):
            visitor.act("write", body="x", attachments=[note(f"{n}.txt") for n in range(5)])
        visitor.act("write", body="x", attachments=note())

        assert case.attachments.count() == 25

    def test_files_that_are_too_large_together_are_refused_with_the_text_kept(
        self, visitor: Visitor, settings
    ):
        settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
        visitor.open(factories.make_case())
        response = visitor.follow(
            visitor.act("write", body="Hello <3", attachments=note(text=b"x" * 2000))
        )

        assert errors_of(response)[0][0] == "id_attachments"
        assert "Hello &lt;3" in text_of(response)

    @pytest.mark.parametrize("body", ["", "  \n ", "x" * 10_001, "nul\x00"])
    def test_a_text_that_cannot_be_taken_is_refused(self, visitor: Visitor, body):
        case = factories.make_case()
        visitor.open(case)
        response = visitor.follow(visitor.act("write", body=body))

        assert errors_of(response)[0][0] == "id_body"
        assert title_of(response).startswith("Error: ")
        assert not case.messages.exists()

    def test_what_was_refused_stays_until_it_is_sent(self, visitor: Visitor):
        visitor.open(factories.make_case())
        visitor.act("write", body="x" * 10_001)
        assert "x" * 10_001 in text_of(visitor.get("status/case/write/"))

        visitor.act("write", body="A shorter one.")
        page = text_of(visitor.get("status/case/write/"))
        assert "xxx" not in page
        assert "A shorter one." not in page

    def test_a_language_switch_sends_nothing_and_keeps_the_text(self, visitor: Visitor):
        case = factories.make_case()
        visitor.open(case)
        chinese = Visitor(visitor.client, "zh-hans")
        response = chinese.post("status/case/write/", go="language", body="Half a let")

        page = text_of(chinese.follow(response))
        assert "Half a let" in page
        assert '<html lang="zh-hans">' in page
        assert not case.messages.exists()


class TestWithdrawing:
    def test_asks_first(self, visitor: Visitor):
        case = factories.make_case()
        visitor.open(case)

        assert "Withdraw the request?" in text_of(visitor.get("status/case/withdraw/"))
        assert state_of(case) == State.FILED

    def test_needs_no_reasons(self, visitor: Visitor):
        case = factories.make_case()
        visitor.open(case)
        visitor.act("withdraw", reasons="")

        assert state_of(case) == State.WITHDRAWN
        assert "You withdrew the request." in text_of(visitor.get("status/case/"))

    def test_twice_is_refused_in_words(self, visitor: Visitor):
        case = factories.make_case()
        visitor.open(case)
        visitor.act("withdraw", reasons="")
        response = visitor.follow(visitor.act("withdraw", reasons="again"))

        assert errors_of(response)[0][0] == "id_reasons"


class TestContesting:
    def test_takes_the_reasons(self, visitor: Visitor):
        case = factories.make_case(State.ANSWERED)
        visitor.open(case)
        visitor.act("contest", reasons="You overlooked the second dataset.")

        assert state_of(case) == State.CONTESTED
        objection = case.messages.get(kind=Message.Kind.CONTEST)
        assert objection.body == "You overlooked the second dataset."

    def test_needs_reasons(self, visitor: Visitor):
        case = factories.make_case(State.ANSWERED)
        visitor.open(case)

        assert errors_of(visitor.follow(visitor.act("contest", reasons="")))[0][0] == "id_reasons"
        assert state_of(case) == State.ANSWERED


@pytest.mark.parametrize(
    ("page", "state"),
    [("write", State.WITHDRAWN), ("withdraw", State.CLOSED), ("contest", State.TRIAGE)],
)
def test_what_cannot_be_done_now_leads_back_to_the_status(visitor: Visitor, page, state):
    visitor.open(factories.make_case(state))

    assert visitor.get(f"status/case/{page}/").url == "/en/status/case/"


@pytest.mark.parametrize("page", ["write", "withdraw", "contest"])
def test_nothing_can_be_done_without_a_session(visitor: Visitor, page):
    case = factories.make_case(State.ANSWERED)

    assert visitor.get(f"status/case/{page}/").url == "/en/status/"
    assert visitor.act(page, body="x", reasons="x").status_code == 403
    assert state_of(case) == State.ANSWERED
    assert not case.messages.filter(from_person=True).exists()


@pytest.mark.parametrize("page", ["write", "withdraw", "contest"])
def test_a_case_named_in_the_form_is_not_looked_at(visitor: Visitor, page):
    own, other = factories.make_case(State.ANSWERED), factories.make_case(State.ANSWERED)
    visitor.open(own)
    visitor.act(page, body="x", reasons="x", case=str(other.pk), number=other.number)

    assert state_of(other) == State.ANSWERED
    assert not other.messages.filter(from_person=True).exists()


def test_a_form_from_another_site_is_refused(visitor: Visitor):
    case = factories.make_case()
    visitor.client = Client(enforce_csrf_checks=True)
    visitor.open(case)

    response = visitor.act("withdraw", reasons="")
    assert response.status_code == 403
    assert "This form could not be accepted" in text_of(response)
    assert state_of(case) == State.FILED


def test_a_form_whose_token_is_none_any_more_is_sent_again_by_one_button(visitor: Visitor):
    case = factories.make_case()
    visitor.client = Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"})
    visitor.open(case)

    response = visitor.act("write", body="A long <letter>")
    page = text_of(response)
    assert response.status_code == 403
    assert 'name="body" value="A long &lt;letter&gt;"' in page
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token

    visitor.act("write", body="A long <letter>", csrfmiddlewaretoken=token[1])
    assert case.messages.get().body == "A long <letter>"


def test_what_another_site_sent_is_not_offered_to_be_sent_again(visitor: Visitor):
    visitor.client = Client(enforce_csrf_checks=True, headers={"origin": "https://evil.example"})
    visitor.open(factories.make_case())

    page = text_of(visitor.act("write", body="Withdraw everything."))
    assert "This form could not be accepted" in page
    assert "Withdraw everything." not in page
