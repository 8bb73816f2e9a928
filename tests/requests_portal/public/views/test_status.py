"""Log-in with number and receipt, and what the status page shows."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from freezegun import freeze_time

from requests_portal.public.case_presenter import MESSAGES_A_PAGE
from requests_portal.public.sessions import LASTS
from requests_portal.sign_in.session_store import SessionStore
from tests import factories
from tests.requests_portal.public.person import Visitor, errors_of, text_of, title_of
from workflows.cases import access, correspondence
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Message
from workflows.mail.links import status_link
from workflows.notices import moves
from workflows.retention.erasure import erase, request_erasure
from workflows.routing.effects import sweep_clocks

pytestmark = pytest.mark.django_db
WRONG = "The case number and the receipt do not fit together."


class TestLogIn:
    def test_number_and_receipt_open_the_status(self, visitor: Visitor):
        filed = factories.file()
        response = visitor.log_in(filed.case.number, filed.receipt)

        assert response.url == "/en/status/case/"
        assert filed.case.number in title_of(visitor.get("status/case/"))

    def test_forgives_small_letters_spaces_and_hyphens(self, visitor: Visitor):
        filed = factories.file()
        response = visitor.log_in(
            f" {filed.case.number.lower().replace('-', ' ')}",
            filed.receipt.lower().replace("-", ""),
        )

        assert response.status_code == 302

    def test_the_mailed_address_is_the_one_of_the_page(self, visitor: Visitor):
        address = status_link("en").removeprefix("http://testserver")

        assert visitor.client.get(address).status_code == 200

    def test_says_the_same_for_a_wrong_number_and_a_wrong_receipt(self, visitor: Visitor):
        filed = factories.file()
        wrong_receipt = visitor.log_in(filed.case.number, "AAAA-BBBB")
        wrong_number = visitor.log_in("2026-0000-0000", filed.receipt)

        assert errors_of(wrong_receipt) == errors_of(wrong_number) == [("id_number", WRONG)]
        assert wrong_receipt.status_code == wrong_number.status_code
        assert title_of(wrong_number).startswith("Error: ")

    def test_keeps_what_was_typed(self, visitor: Visitor):
        assert 'value="2026-0000-0000"' in text_of(visitor.log_in("2026-0000-0000", "AAAA"))

    @pytest.mark.parametrize(
        ("number", "receipt", "anchors"),
        [("", "", ["id_number", "id_receipt"]), ("2026-0000-0000", " ", ["id_receipt"])],
    )
    def test_asks_for_both(self, visitor: Visitor, number, receipt, anchors):
        assert [anchor for anchor, _ in errors_of(visitor.log_in(number, receipt))] == anchors

    def test_wrong_tries_are_slowed_down_from_whatever_browser(self, new_visitor: Callable):
        filed = factories.file()
        for _ in range(access.LIMIT_PER_NUMBER.burst):
            assert new_visitor().log_in(filed.case.number, "WRONG").status_code == 200

        refused = new_visitor().log_in(filed.case.number, "WRONG")
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 31
        assert "Wait" in errors_of(refused)[0][1]
        assert filed.case.number in text_of(refused)

    def test_tries_with_other_numbers_share_one_limit(self, new_visitor, monkeypatch):
        pace = access.AttemptThrottle(access.LIMIT_OVERALL.interval * 1000, burst=3)
        monkeypatch.setattr(access, "LIMIT_OVERALL", pace)
        for last in "123":
            new_visitor().log_in(f"2026-0000-000{last}", "WRONG")

        assert new_visitor().log_in("2026-0000-0004", "WRONG").status_code == 429

    def test_a_stranger_who_tries_all_day_locks_nobody_out(self, new_visitor, monkeypatch):
        filed = factories.file()
        monkeypatch.setattr(access, "LIMIT_OVERALL", access.LIMIT_PER_NUMBER)
        while new_visitor().log_in(filed.case.number, "WRONG").status_code != 429:
            pass

        opened = new_visitor().log_in(filed.case.number, filed.receipt)
        assert opened.url == "/en/status/case/"

    def test_a_language_switch_tries_nothing(self, new_visitor: Callable):
        person = new_visitor("zh-hans")
        response = person.post("status/", go="language", number="2026-0000", receipt="AAAA")

        assert not errors_of(response)
        assert 'value="2026-0000"' in text_of(response)
        assert response.cookies["django_language"].value == "zh-hans"


class TestTheSession:
    def test_lies_on_the_server_and_holds_only_the_case(self, visitor: Visitor):
        filed = factories.file()
        cookie = visitor.log_in(filed.case.number, filed.receipt).cookies["case"]

        session = SessionStore(cookie.value).load()
        session.pop("_session_expiry")
        assert session == {"case": str(filed.case.pk)}
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == ""  # gone with the browser

    def test_ends_an_hour_after_the_last_page(self, visitor: Visitor):
        case = factories.make_case()
        with freeze_time("2026-11-24 09:00") as clock:
            visitor.open(case)
            clock.tick(LASTS - timedelta(minutes=1))
            assert visitor.get("status/case/").status_code == 200
            clock.tick(LASTS - timedelta(minutes=1))
            assert visitor.get("status/case/").status_code == 200
            clock.tick(LASTS + timedelta(minutes=1))
            assert visitor.get("status/case/").url == "/en/status/"

    def test_gets_a_new_key_with_each_log_in(self, visitor: Visitor):
        filed = factories.file()
        first = visitor.log_in(filed.case.number, filed.receipt).cookies["case"].value
        second = visitor.log_in(filed.case.number, filed.receipt).cookies["case"].value

        assert first != second

    def test_a_made_up_key_opens_nothing(self, visitor: Visitor):
        visitor.client.cookies["case"] = "x" * 32

        assert visitor.get("status/case/").url == "/en/status/"
        assert visitor.get("status/").status_code == 200

    def test_a_session_of_staff_opens_nothing(self, visitor: Visitor, reviewer):
        visitor.client.force_login(reviewer)
        visitor.client.cookies["case"] = visitor.client.cookies["session"].value

        assert visitor.get("status/case/").url == "/en/status/"

    def test_leaving_ends_it_on_the_server(self, visitor: Visitor):
        visitor.open(factories.make_case())
        key = visitor.client.cookies["case"].value
        assert visitor.post("status/leave/").url == "/en/status/left/"
        visitor.client.cookies["case"] = key

        assert visitor.get("status/case/").url == "/en/status/"
        assert visitor.get("status/left/").status_code == 200

    def test_leaving_takes_the_receipt_along(self, visitor: Visitor):
        visitor.file()
        visitor.post("request/receipt/open/")
        visitor.post("status/leave/")

        assert visitor.get("request/receipt/").url == "/en/status/"

    def test_leaving_keeps_a_draft_that_was_not_sent(self, visitor: Visitor):
        visitor.open(factories.make_case())
        visitor.walk(until="subject")
        visitor.post("status/leave/")

        assert visitor.get("request/service/").status_code == 200

    def test_cannot_be_ended_by_a_link(self, visitor: Visitor):
        visitor.open(factories.make_case())

        assert visitor.get("status/leave/").url == "/en/status/case/"
        assert visitor.get("status/case/").status_code == 200

    def test_a_text_sent_too_late_goes_along_through_the_log_in(self, visitor: Visitor):
        filed = factories.file()
        late = visitor.act("write", body="A long <letter>")
        assert late.status_code == 403
        assert "A long &lt;letter&gt;" in text_of(late)
        assert 'value="status_write"' in text_of(late)

        again = visitor.post(
            "status/",
            go="continue",
            number=filed.case.number,
            receipt=filed.receipt,
            typed="A long <letter>",
            page="status_write",
        )
        assert again.url == "/en/status/case/write/"
        assert "A long &lt;letter&gt;" in text_of(visitor.follow(again))
        assert visitor.get("status/case/").status_code == 200
        assert not filed.case.messages.exists()

    def test_a_text_for_a_page_that_does_not_exist_is_let_go(self, visitor: Visitor):
        filed = factories.file()
        response = visitor.post(
            "status/", number=filed.case.number, receipt=filed.receipt, typed="x", page="admin"
        )

        assert response.url == "/en/status/case/"


class TestTheOverview:
    @pytest.fixture
    def page(self, visitor: Visitor) -> Callable[[Case], str]:
        def show(case: Case) -> str:
            visitor.open(case)
            return text_of(visitor.get("status/case/"))

        return show

    @pytest.mark.parametrize("state", list(State))
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_can_be_shown_in_every_state(self, new_visitor, state: State, language):
        case = factories.make_case(state)
        person = new_visitor(language)
        person.open(case)
        response = person.get("status/case/")

        assert response.status_code == 200
        assert case.number in text_of(response)
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "strict-origin"

    def test_the_clock_says_how_many_days_are_left(self, page):
        with freeze_time("2026-11-24 09:00"):
            case = factories.make_case(request=factories.ERIKA)
        with freeze_time("2026-12-14 09:00"):
            shown = page(case)

        assert "10 days left" in shown
        assert "24 December 2026" in shown
        assert "GDPR art. 12(3)" in shown

    def test_the_last_day_is_reckoned_where_the_person_lives(self, page):
        with freeze_time("2026-11-24 09:00"):
            case = factories.make_case(request=factories.ERIKA)
        with freeze_time("2026-12-23 23:30"):  # in Berlin it is the 24th already
            assert "Last day today" in page(case)

    def test_late_is_said_in_words(self, page):
        with freeze_time("2026-11-24 09:00"):
            case = factories.make_case(request=factories.ERIKA)
        with freeze_time("2026-12-26 09:00"):
            shown = page(case)

        assert "Late by 2 days" in shown
        assert "clock-late" in shown

    def test_an_answer_in_time_stops_the_clock(self, page):
        shown = page(factories.make_case(State.ANSWERED))

        assert "Answered in time" in shown
        assert "days left" not in shown

    def test_a_withdrawn_case_has_no_clock_that_runs(self, page):
        assert "The time limit has ended" in page(factories.make_case(State.WITHDRAWN))

    def test_a_case_that_ended_unanswered_after_its_time_was_not_answered_late(self, page):
        with freeze_time("2026-03-02 09:00") as clock:
            case = factories.make_case(State.IN_REVIEW, factories.ERIKA)
            clock.move_to("2026-04-10 09:00")
            sweep_clocks()
            correspondence.withdraw(case)
            shown = page(case)

        assert "Answered" not in shown
        assert "The last day was 2 April 2026; the case ended on 10 April 2026." in shown

    def test_what_a_more_generous_reading_would_allow_is_not_told(self, page):
        assert "more generous reading" not in page(factories.make_case())

    def test_tells_where_to_complain_by_post_and_online(self, page):
        shown = page(factories.make_case(State.RECEIVED, factories.ERIKA, residence="IE"))

        assert "6 Pembroke Row, Dublin 2, D02 X963<br>" in shown
        assert 'href="https://www.dataprotection.ie/"' in shown

    def test_tells_the_story_latest_first(self, page):
        shown = page(factories.make_case(State.IN_REVIEW))

        steps = re.findall(r"</time> (.*?)</li>", shown)
        assert steps[0] == "We are looking into your request."
        assert steps[-1] == "We received your request."

    def test_a_question_stands_out(self, page):
        shown = page(factories.make_case(State.INFORMATION_NEEDED))

        assert shown.index("We have a question for you") < shown.index("What has happened")
        assert "Which account do you mean?" in shown

    def test_a_question_that_waits_is_told_once(self, page):
        shown = page(factories.make_case(State.INFORMATION_NEEDED))

        assert shown.count("Which account do you mean?") == 1
        assert '<a href="#question">' in shown[shown.index("Messages") :]

    def test_a_request_for_identity_stands_out(self, page):
        assert "We need to know that it is you" in page(factories.make_case(State.IDENTITY_NEEDED))

    def test_a_case_that_ended_for_its_fee_says_so(self, page):
        case = factories.fee_overdue(factories.make_case(State.FEE_NEEDED, factories.ERIKA))
        moves.end_unpaid(case, factories.OTHER_REVIEWER, "Nothing arrived.")
        shown = page(case)
        assert "Closed, for the fee did not arrive in time." in shown
        assert "the e-mail address was never confirmed" not in shown

    def test_a_fee_stands_out_with_its_reason_and_the_way_out(self, page):
        shown = page(factories.make_case(State.FEE_NEEDED, factories.ERIKA))

        assert "There is a fee to pay" in shown
        assert "12.50 EUR" in shown
        assert "The fifth transfer this month." in shown
        assert shown.index("/status/case/withdraw/") < shown.index("What has happened")

    def test_a_question_that_was_answered_stands_out_no_more(self, page):
        case = factories.make_case(State.INFORMATION_NEEDED)
        correspondence.write_to_provider(case, "The second one.")

        assert "We have a question for you" not in page(case)

    def test_notes_of_staff_are_not_shown(self, page):
        case = factories.make_case(State.TRIAGE)
        correspondence.write_note(case, factories.INTAKE, "Seems to be a crank.")

        assert "crank" not in page(case)

    def test_no_name_of_staff_is_shown(self, page):
        assert "staff-" not in page(factories.make_case(State.ANSWERED))

    @pytest.mark.parametrize(
        ("state", "pages"),
        [
            (State.FILED, {"write", "withdraw", "complain"}),
            (State.ANSWERED, {"write", "contest", "complain"}),
            (State.CLOSED, {"contest", "complain"}),
            (State.WITHDRAWN, {"complain"}),
        ],
    )
    def test_offers_what_can_be_done_now(self, page, state: State, pages):
        shown = page(factories.make_case(state))

        offered = set(
            re.findall(r'href="/en/status/case/(write|withdraw|contest|complain)/"', shown)
        )
        assert offered == pages

    def test_script_in_a_message_is_shown_as_text(self, page):
        case = factories.make_case()
        correspondence.write_to_provider(case, "<script>alert(1)</script>")

        shown = page(case)
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)" in shown

    def test_an_erased_case_shows_its_bare_steps(self, page):
        case = factories.make_case(State.WITHDRAWN)
        request_erasure(case, factories.OFFICER, "retention_over")
        erase(case, factories.OTHER_OFFICER)
        case.refresh_from_db()

        shown = page(case)
        assert "were erased on" in shown
        assert "We received your request." in shown

    def test_costs_the_same_however_long_the_correspondence(self, visitor: Visitor):
        def queries(case: Case) -> int:
            visitor.open(case)
            with CaptureQueriesContext(connection) as captured:
                visitor.get("status/case/")
            return len(captured)

        short, long = factories.make_case(State.ANSWERED), factories.make_case(State.ANSWERED)
        for number in range(8):
            correspondence.write_to_provider(long, f"Message {number}")
        assert queries(short) == queries(long) < 25

    def test_a_long_correspondence_is_read_page_by_page(self, visitor: Visitor):
        case = factories.make_case(State.ANSWERED)
        for number in range(MESSAGES_A_PAGE + 5):
            correspondence.write_to_provider(case, f"Message number {number}.")
        visitor.open(case)

        first = text_of(visitor.get("status/case/"))
        assert first.count("Message number") == MESSAGES_A_PAGE
        assert "Older messages" in first
        assert "Message number 0." in text_of(visitor.get("status/case/?page=2"))


class TestTheAnswer:
    def answer_of(self, case: Case) -> Message:
        return case.messages.get(kind=Message.Kind.ANSWER)

    def test_has_a_page_to_read_and_print(self, visitor: Visitor):
        case = factories.make_case(State.ANSWERED)
        visitor.open(case)
        path = f"status/case/answer/{self.answer_of(case).pk}/"
        assert f'href="/en/{path}"' in text_of(visitor.get("status/case/"))

        page = text_of(visitor.get(path))
        assert case.number in page
        assert 'lang="zh-hans"' in page
        assert "data-print" in page

    def test_reads_as_a_letter_with_headings(self, visitor: Visitor):
        case = factories.make_case(State.ANSWERED)
        visitor.open(case)
        page = text_of(visitor.get(f"status/case/answer/{self.answer_of(case).pk}/"))
        letter = page.split("<article")[1].split("</article>")[0]

        assert letter.count("<h2>") > 2
        assert "<h1" not in letter
        assert "<html" not in letter

    def test_of_another_case_is_not_found(self, visitor: Visitor):
        other = factories.make_case(State.ANSWERED)
        visitor.open(factories.make_case(State.ANSWERED))

        assert visitor.get(f"status/case/answer/{self.answer_of(other).pk}/").status_code == 404

    def test_no_other_message_can_be_read_as_one(self, visitor: Visitor):
        case = factories.make_case(State.TRIAGE)
        note = correspondence.write_note(case, factories.INTAKE, "Internal.")
        visitor.open(case)

        assert visitor.get(f"status/case/answer/{note.pk}/").status_code == 404
