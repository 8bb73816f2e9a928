"""Complaints on the pages of staff: the panel, the action forms, the queue."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.complaints import HANDLER, TEXT, complain_in, take_to
from tests.factories import REVIEWER, make_case
from tests.personas import make_staff
from tests.requests_portal.staff.addresses import QUEUE, case_url, complaint_url
from workflows.accounts.models import StaffIdentity
from workflows.cases.lifecycle import State as CaseState
from workflows.complaints import services
from workflows.complaints.lifecycle import State
from workflows.complaints.models import Complaint, ComplaintClock

pytestmark = pytest.mark.django_db

WALKS = [
    (State.RECEIVED, "intake", "acknowledge", {"text": ""}, State.ACKNOWLEDGED),
    (State.RECEIVED, "intake", "acknowledge", {"text": "Thank you."}, State.ACKNOWLEDGED),
    (State.ACKNOWLEDGED, "reviewer", "take_up", {}, State.IN_HANDLING),
    (State.IN_HANDLING, "reviewer", "tell_progress", {"text": "Half way."}, State.IN_HANDLING),
    (
        State.IN_HANDLING,
        "approver",
        "answer",
        {"finding": "upheld", "text": "You are right.", "redress": "It is mended."},
        State.ANSWERED,
    ),
    (
        State.IN_HANDLING,
        "privacy_officer",
        "answer",
        {"finding": "not_upheld", "text": "We answered in time.", "redress": ""},
        State.ANSWERED,
    ),
    (State.ANSWERED, "privacy_officer", "close", {}, State.CLOSED),
]


@pytest.mark.parametrize("step", WALKS, ids=[step[2] for step in WALKS])
def test_a_page_takes_its_action(sign_in, send, step) -> None:
    state, role, slug, typed, reached = step
    complaint = complain_in(state)
    client = sign_in(make_staff("someone", role))
    assert complaint_url(complaint, slug) in client.get(case_url(complaint.case)).content.decode()

    answer = send(client, complaint_url(complaint, slug), typed)

    assert answer.headers["Location"] == case_url(complaint.case)
    complaint.refresh_from_db()
    assert complaint.state == reached


def test_what_was_written_is_read_once(sign_in) -> None:
    complaint = complain_in(State.ANSWERED)
    page = sign_in(make_staff("someone", "reviewer")).get(case_url(complaint.case))

    assert page.content.decode().count(TEXT) == 1


def test_the_form_shows_what_it_is_about_and_keeps_what_was_typed(sign_in, send) -> None:
    complaint = complain_in(State.IN_HANDLING)
    client = sign_in(make_staff("someone", "reviewer"))
    page = client.get(complaint_url(complaint, "answer")).content.decode()
    assert TEXT in page
    assert "How this date is computed" in page

    typed = {"finding": "upheld", "text": "You are right.", "redress": ""}
    page = send(client, complaint_url(complaint, "answer"), typed).content.decode()
    assert "Say what is done about it." in page
    assert "You are right." in page


class TestThePanel:
    def test_shows_text_state_clocks_with_their_source_and_letters(self, sign_in, intake) -> None:
        complaint = complain_in(State.ACKNOWLEDGED, residence="GB")
        page = sign_in(intake).get(case_url(complaint.case)).content.decode()
        panel = page[page.index('id="complaints"') : page.index('id="items"')]

        assert TEXT in panel
        assert "Acknowledged" in panel
        assert "s. 164A" in panel
        assert "We have it." in panel
        assert "days left" in panel

    def test_says_to_who_took_part_why_somebody_else_must(self, sign_in) -> None:
        case = make_case(CaseState.ANSWERED)
        complaint = services.contest_answer(case, "No.")
        services.acknowledge(complaint, HANDLER)
        user = make_staff("someone", "reviewer")
        StaffIdentity.objects.create(user=user, pseudonym=REVIEWER.pseudonym)
        client = sign_in(user)
        page = client.get(case_url(case)).content.decode()

        assert "somebody else has to handle it" in page
        assert complaint_url(complaint, "take_up") not in page
        refused = client.get(complaint_url(complaint, "take_up"))
        assert refused.headers["Location"] == case_url(case)

    def test_is_not_there_without_a_complaint(self, sign_in, intake) -> None:
        page = sign_in(intake).get(case_url(make_case())).content.decode()
        assert 'id="complaints"' not in page

    def test_costs_the_same_for_many(self, sign_in, intake) -> None:
        def queries(complaint: Complaint) -> int:
            client = sign_in(intake)
            client.get(case_url(complaint.case))
            with CaptureQueriesContext(connection) as captured:
                client.get(case_url(complaint.case))
            return len(captured)

        complaint = complain_in(State.CLOSED)
        one = queries(complaint)
        for _ in range(2):
            take_to(services.complain(complaint.case, TEXT), State.CLOSED)
        assert queries(complaint) == one


class TestWhoMayNot:
    def test_a_role_without_complaints_is_refused(self, sign_in, data_steward) -> None:
        complaint = complain_in(State.RECEIVED)
        assert sign_in(data_steward).get(complaint_url(complaint, "acknowledge")).status_code == 403

    def test_an_administrator_sees_none(self, sign_in, administrator) -> None:
        complaint = complain_in(State.RECEIVED)
        assert (
            sign_in(administrator).get(complaint_url(complaint, "acknowledge")).status_code == 403
        )

    @pytest.mark.parametrize("slug", ["withdraw", "remind", "nonsense"])
    def test_what_is_no_action_of_staff_is_not_there(self, sign_in, intake, slug) -> None:
        complaint = complain_in(State.RECEIVED)
        assert sign_in(intake).get(complaint_url(complaint, slug)).status_code == 404

    def test_the_complaint_of_another_case_is_not_there(self, sign_in, intake) -> None:
        complaint, other = complain_in(State.RECEIVED), make_case()
        address = complaint_url(complaint, "acknowledge").replace(
            str(complaint.case_id), str(other.pk)
        )
        assert sign_in(intake).get(address).status_code == 404


class TestTheQueue:
    def numbers(self, client, query: str) -> set[str]:
        table = client.get(f"{QUEUE}{query}").content.decode().partition('id="result_list"')[2]
        return set(re.findall(r"\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}(?=</a>)", table))

    def test_filters_by_complaints_whatever_state_the_case_is_in(self, sign_in, intake) -> None:
        soon = complain_in(State.ACKNOWLEDGED, CaseState.CLOSED)
        late = complain_in(State.RECEIVED)
        complain_in(State.CLOSED)
        for complaint, days in ((soon, 3), (late, -1)):
            ComplaintClock.objects.filter(complaint=complaint).update(
                due_at=timezone.now() + timedelta(days=days)
            )
        client = sign_in(intake)
        numbers = {"soon": soon.case.number, "late": late.case.number}

        assert self.numbers(client, "?group=all&complaint=open") == set(numbers.values())
        assert self.numbers(client, "?group=all&complaint=late") == {numbers["late"]}
        assert self.numbers(client, "?group=all&complaint=week") == {numbers["soon"]}

    def test_shows_the_clock_of_a_complaint_beneath_that_of_the_case(self, sign_in, intake) -> None:
        complain_in(State.RECEIVED, CaseState.CLOSED)
        page = sign_in(intake).get(f"{QUEUE}?group=all").content.decode()

        assert re.search(r"Ended</span>.*Complaint: <span.*days left", page, re.DOTALL)

    def test_the_landing_page_counts_open_complaints(self, sign_in, intake) -> None:
        complain_in(State.RECEIVED, CaseState.CLOSED)
        page = sign_in(intake).get("/staff/").content.decode()

        assert re.search(
            r'group=all&amp;complaint=open">\s*<strong>1</strong> <span>Open complaints', page
        )
