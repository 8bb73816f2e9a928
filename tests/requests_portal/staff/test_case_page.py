"""The page of a case: everything about it, each look a step in the log, files only as downloads."""

from datetime import date

import pytest
from django.http import FileResponse

from requests_portal.staff.case.presenter import MESSAGES_A_PAGE
from tests.factories import (
    ERIKA,
    INTAKE,
    WANG,
    file,
    granted,
    in_review_with_proof,
    make_case,
    propose,
)
from tests.requests_portal.staff.addresses import QUEUE, action_url, case_url
from workflows.cases import correspondence
from workflows.cases.attachments import Upload
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.ledger.checkpoints import parse_proof
from workflows.ledger.models import Event
from workflows.ledger.sequencer import drain_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(sign_in, reviewer):
    return sign_in(reviewer)


def page_of(client, case: Case, query: str = "") -> str:
    answer = client.get(f"{case_url(case)}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def views(case: Case) -> list[object]:
    events = Event.objects.filter(case=case.pseudonym, name="case.viewed").order_by("step")
    return [event.facts for event in events]


class TestContent:
    def test_reads_from_top_to_bottom_like_a_file(self, client) -> None:
        case = file(uploads=(Upload("note.txt", b"text"),)).case
        page = page_of(client, case)
        headings = (
            "Who and what",
            "Clocks",
            "What must happen next",
            "Items",
            "Messages and notes",
            "Files",
            "Timeline",
            "The log",
            "Related cases",
        )
        places = [page.index(f">{heading}</h2>") for heading in headings]
        assert places == sorted(places)

    def test_says_who_and_by_what_they_can_be_found(self, client) -> None:
        page = page_of(client, make_case())
        for words in ("王小明", "xiaoming.wang@example.cn", "+86 138 0000 1234", "示例助手"):
            assert words in page

    def test_names_the_place_of_residence(self, client) -> None:
        shown = page_of(client, make_case(State.TRIAGE, residence="DE-BE"))

        assert "Germany, Berlin" in shown

    def test_names_who_acts_for_somebody_and_by_what_right(self, client) -> None:
        case = make_case(
            requester_role="guardian", requester_name="王大明", authority="我是他的父亲。"
        )
        page = page_of(client, case)
        assert "王大明" in page
        assert "我是他的父亲。" in page

    def test_says_what_is_claimed_and_what_would_be_right(self, client) -> None:
        page = page_of(client, make_case())
        assert page.index("住在上海") < page.index("住在杭州")

    def test_shows_the_arithmetic_of_the_clock_with_its_source(self, client) -> None:
        page = page_of(client, make_case())
        assert "15 working days from" in page
        assert "Source:" in page

    def test_shows_the_generous_reading_to_staff_only_as_such(self, client) -> None:
        case = make_case()
        case.clocks.filter(leads=True).update(latest_arguable=date(2027, 1, 5))
        assert (
            "For staff only: a more generous reading would allow until 5 January 2027."
            in page_of(client, case)
        )

    def test_shows_finding_places_outcome_ground_and_reasons(self, client) -> None:
        case = in_review_with_proof()
        propose(case)
        page = page_of(client, case)
        ground = case.lead_regime.grounds[case.items.get().ground]
        for words in (
            "Two records were found.",
            "Training data",
            "Intended outcome",
            "Refused",
            ground.text.en,
            ground.citations[0].en,
            "Because of the facts of this case.",
        ):
            assert words in page

    @pytest.mark.parametrize(
        ("state", "told"),
        [
            (State.DECISION_PROPOSED, False),
            (State.EXECUTING, False),
            (State.ANSWERED, True),
            (State.CLOSED, True),
        ],
    )
    def test_an_outcome_is_intended_until_it_was_told(self, client, state, told) -> None:
        page = page_of(client, make_case(state))
        assert ("<h4>Outcome</h4>" in page, "<h4>Intended outcome</h4>" in page) == (told, not told)

    def test_shows_what_is_still_to_be_carried_out(self, client) -> None:
        from workflows.corrections.instructions import issue_instructions

        case = granted()
        issue_instructions(case)
        assert "not carried out yet" in page_of(client, case)

    def test_names_colleagues_in_messages_and_timeline(self, client, reviewer) -> None:
        from workflows.accounts.actors import actor_for

        reviewer.first_name, reviewer.last_name = "Ravi", "Rao"
        reviewer.save()
        case = make_case(State.TRIAGE)
        correspondence.write_to_person(case, actor_for(reviewer), "Hello.")
        assert page_of(client, case).count("Ravi Rao") == 3  # message, step, and the menu

    def test_a_long_correspondence_is_read_page_by_page(self, client) -> None:
        case = make_case(State.TRIAGE)
        for number in range(MESSAGES_A_PAGE + 5):
            correspondence.write_to_provider(case, f"Message number {number}.")

        latest = page_of(client, case)
        assert latest.count("Message number") == MESSAGES_A_PAGE
        assert "Older messages" in latest
        assert "Message number 0." in page_of(client, case, "?messages=2")

    def test_what_people_wrote_is_text_and_never_markup(self, client) -> None:
        evil = "<script>alert(1)</script>"
        case = make_case(
            State.TRIAGE,
            subject_name=evil,
            items=(FiledItem("copy", {"statement": evil, "prompts": [evil]}),),
        )
        correspondence.write_to_provider(case, evil)
        page = page_of(client, case)
        assert evil not in page
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4

    @pytest.mark.parametrize("state", list(State))
    def test_opens_in_each_state(self, client, state) -> None:
        assert page_of(client, make_case(state, ERIKA))

    def test_leads_to_other_cases_of_the_same_address(self, client) -> None:
        case, other, stranger = make_case(), make_case(State.CLOSED), make_case(request=ERIKA)
        page = page_of(client, case)
        assert case_url(other) in page
        assert case_url(stranger) not in page

    def test_no_case_no_page(self, client) -> None:
        assert client.get(f"{QUEUE}{'1' * 32}/change/").status_code == 404
        assert client.get(f"{QUEUE}nonsense/change/").status_code == 404


class TestViews:
    def test_each_look_is_one_step_in_the_log(self, client, reviewer) -> None:
        case = make_case()
        page_of(client, case)
        page_of(client, case, "?show=all")
        assert views(case) == [{"what": "case"}, {"what": "case"}]
        event = Event.objects.filter(case=case.pseudonym, name="case.viewed").first()
        assert (event.role, event.actor) == ("reviewer", reviewer.staff_identity.pseudonym)

    def test_the_timeline_shows_who_looked_when_asked(self, client) -> None:
        case = make_case()
        sentence = "Somebody looked at the case."
        assert sentence not in page_of(client, case)
        assert sentence in page_of(client, case, "?show=views")
        assert sentence in page_of(client, case, "?show=all")

    def test_the_timeline_can_show_messages_alone(self, client) -> None:
        case = make_case(State.TRIAGE)
        correspondence.write_to_person(case, INTAKE, "Hello.")
        page = page_of(client, case, "?show=letters").partition('id="timeline"')[2]
        assert "A message was sent to the person." in page
        assert "Triage began." not in page


class TestFiles:
    @pytest.fixture
    def case(self) -> Case:
        return file(
            uploads=(Upload("证据 \u202etxt.html", b"Dear team, <script>alert(1)</script>"),)
        ).case

    def address(self, case: Case, attachment) -> str:
        return f"{QUEUE}{case.pk}/files/{attachment.pk}/"

    def test_are_downloads_and_never_shown(self, client, case, django_assert_num_queries) -> None:
        answer = client.get(self.address(case, case.attachments.get()))
        # Only a file is sent without holding a thread for as long as its reader takes.
        assert isinstance(answer, FileResponse)
        with django_assert_num_queries(0):
            content = b"".join(answer.streaming_content)
        assert content == b"Dear team, <script>alert(1)</script>"
        assert answer.headers["Content-Length"] == str(len(content))
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment;")
        assert disposition.endswith(".txt")
        assert "%E2%80%AE" not in disposition  # the mark that turns the direction of writing
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == "text/plain"
        assert "no-store" in answer.headers["Cache-Control"]

    def test_each_is_a_look_in_the_log(self, client, case) -> None:
        client.get(self.address(case, case.attachments.get()))
        assert views(case) == [{"what": "attachment"}]

    def test_of_another_case_are_not_found(self, client, case) -> None:
        other = make_case()
        assert client.get(self.address(other, case.attachments.get())).status_code == 404
        assert views(other) == []


class TestProofs:
    def test_a_step_in_the_log_has_its_proof(self, client) -> None:
        case = make_case()
        drain_inbox()
        event = Event.objects.get(case=case.pseudonym, name="case.received")
        address = f"{QUEUE}{case.pk}/proofs/{event.uid}/"
        assert address in page_of(client, case)
        answer = client.get(address)
        assert parse_proof(answer.content.decode()).index == event.place.index
        assert answer.headers["Content-Disposition"].startswith("attachment;")

    def test_a_step_that_is_not_in_the_log_yet_says_so(self, client) -> None:
        case = make_case()
        event = Event.objects.get(case=case.pseudonym)
        assert "not in the log yet" in page_of(client, case)
        assert client.get(f"{QUEUE}{case.pk}/proofs/{event.uid}/").status_code == 404

    def test_a_step_of_another_case_is_not_found(self, client) -> None:
        case, other = make_case(), make_case()
        drain_inbox()
        event = Event.objects.get(case=other.pseudonym)
        assert client.get(f"{QUEUE}{case.pk}/proofs/{event.uid}/").status_code == 404


class TestCosts:
    def queries(self, client, case: Case, assert_max) -> int:
        with assert_max(45) as counted:
            client.get(case_url(case))
        return len(counted)

    def test_the_same_queries_however_many_cases_and_parts_there_are(
        self, client, django_assert_max_num_queries
    ) -> None:
        small = make_case(State.TRIAGE, request=WANG)
        correspondence.write_to_provider(small, "One message.")
        page_of(client, small)
        few = self.queries(client, small, django_assert_max_num_queries)
        large = file(
            items=tuple(FiledItem(kind) for kind in ("correct", "copy", "delete", "explain")),
            uploads=tuple(Upload(f"{n}.txt", b"text") for n in range(4)),
        ).case
        for number in range(8):
            correspondence.write_to_provider(large, f"Message {number}.")
            make_case()
        assert self.queries(client, large, django_assert_max_num_queries) == few


def test_what_a_near_relative_told_is_read_and_looked_at(sign_in, send, reviewer) -> None:
    case = make_case(
        State.IN_REVIEW,
        requester_role="near_relative",
        requester_name="王芳",
        authority="我是他的女儿。",
        kinship="女儿",
        own_interest="文章里有我的住址。",
        arrangement="没有另作安排。",
    )
    client = sign_in(reviewer)
    page = client.get(case_url(case)).content.decode()
    for text in ("女儿", "文章里有我的住址。", "没有另作安排。"):
        assert text in page
    send(
        client,
        action_url(case, "record_finding"),
        {"text": "Found.", "kin": "The register names her.", "verification": "A map shows it."},
    )
    case.refresh_from_db()
    item = case.items.get()
    assert (case.kin_checked, case.kin_finding) == (True, "The register names her.")
    assert (item.is_verified, item.verification) == (True, "A map shows it.")
    assert "The register names her." in client.get(case_url(case)).content.decode()
