"""Complaining from the status page, and reading there what becomes of it."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.complaints import HANDLER, TEXT, complain_in, take_to
from tests.requests_portal.public.person import Visitor, errors_of, text_of
from workflows.cases.lifecycle import State as CaseState
from workflows.complaints import services
from workflows.complaints.lifecycle import State
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.retention.erasure import erase, request_erasure

pytestmark = pytest.mark.django_db


def status_of(visitor: Visitor, complaint: Complaint) -> str:
    visitor.open(complaint.case)
    return text_of(visitor.get("status/case/"))


@pytest.mark.parametrize("state", [CaseState.FILED, CaseState.ANSWERED, CaseState.CLOSED])
def test_a_person_complains_from_the_status_page(visitor: Visitor, state):
    case = factories.make_case(state)
    visitor.open(case)
    assert "/en/status/case/complain/" in text_of(visitor.get("status/case/"))

    assert visitor.act("complain", reasons=TEXT).url == "/en/status/case/"

    complaint = case.complaints.get()
    assert (complaint.about, complaint.statement.body) == ("handling", TEXT)
    shown = text_of(visitor.get("status/case/"))
    assert TEXT in shown
    assert "/en/status/case/complain/" not in shown


def test_words_are_needed_and_one_complaint_is_open_at_a_time(visitor: Visitor):
    case = factories.make_case()
    visitor.open(case)
    assert errors_of(visitor.follow(visitor.act("complain", reasons="")))[0][0] == "id_reasons"

    visitor.act("complain", reasons=TEXT)
    again = visitor.follow(visitor.act("complain", reasons="Again."))
    assert "still open" in errors_of(again)[0][1]
    assert "Again." in text_of(again)
    assert visitor.get("status/case/complain/").url == "/en/status/case/"
    assert case.complaints.count() == 1


def test_contesting_opens_a_complaint_whose_time_is_shown(visitor: Visitor):
    case = factories.make_case(CaseState.ANSWERED)
    visitor.open(case)
    visitor.act("contest", reasons="You overlooked the second dataset.")

    shown = text_of(visitor.get("status/case/"))
    assert "You contested the answer." in shown
    assert shown.count("You overlooked the second dataset.") == 1
    assert "Feedback on a complaint" in shown
    assert "Interim Measures" in shown
    assert case.complaints.get().about == "answer"


def test_the_time_to_acknowledge_is_shown_where_the_law_has_one(visitor: Visitor):
    complaint = complain_in(residence="GB")
    due_on = complaint.clocks.get(leads=False).due_on
    shown = status_of(visitor, complaint)

    assert "By law we must acknowledge it by" in shown
    assert f"{due_on.day} {due_on:%B %Y}" in shown
    assert "s. 164A" in shown

    services.acknowledge(complaint, HANDLER, "It lies before us.")
    shown = status_of(visitor, complaint)
    assert "We acknowledged it on" in shown
    assert "It lies before us." in shown


def test_progress_and_outcome_are_read_there(visitor: Visitor):
    complaint = complain_in(State.IN_HANDLING)
    services.tell_progress(complaint, HANDLER, "The post room is being asked.")
    assert "The post room is being asked." in status_of(visitor, complaint)

    services.answer(complaint, HANDLER, "partly_upheld", "One letter lay.", "It was answered.")
    shown = status_of(visitor, complaint)
    assert re.search(r"Outcome of .*: <strong>Upheld in part</strong>", shown)
    assert "One letter lay." in shown
    assert "It was answered." in shown
    assert "Answered in time" in shown
    # The next complaint can be made.
    assert "/en/status/case/complain/" in shown


def test_a_late_outcome_says_so(visitor: Visitor):
    complaint = complain_in()
    yesterday = timezone.now() - timedelta(days=1)
    ComplaintClock.objects.update(due_at=yesterday, due_on=yesterday.date())

    assert "clock-late" in status_of(visitor, complaint)


def test_a_complaint_is_withdrawn_after_one_more_question(visitor: Visitor):
    complaint = complain_in()
    visitor.open(complaint.case)
    assert "The request itself goes on." in text_of(visitor.get("status/case/withdraw-complaint/"))
    visitor.act("withdraw-complaint")

    complaint.refresh_from_db()
    assert complaint.state == State.WITHDRAWN
    shown = text_of(visitor.get("status/case/"))
    assert "You withdrew the complaint." in shown
    assert 'href="/en/status/case/withdraw-complaint/"' not in shown


def test_nobody_of_staff_is_named(visitor: Visitor):
    assert "staff-" not in status_of(visitor, complain_in(State.CLOSED))


@pytest.mark.parametrize("page", ["complain", "withdraw-complaint"])
def test_nothing_can_be_done_without_a_session(visitor: Visitor, page):
    complaint = complain_in()

    assert visitor.get(f"status/case/{page}/").url == "/en/status/"
    assert visitor.act(page, reasons="x").status_code == 403
    complaint.refresh_from_db()
    assert complaint.state == State.RECEIVED


def test_of_an_erased_case_only_the_bare_steps_of_a_complaint_are_left(visitor: Visitor):
    complaint = complain_in(State.CLOSED, CaseState.CLOSED)
    request_erasure(complaint.case, factories.OFFICER, "retention_over")
    erase(complaint.case, factories.OTHER_OFFICER)
    shown = status_of(visitor, complaint)

    assert "Your complaint" in shown
    assert TEXT not in shown
    assert "The letters lay." not in shown
    assert "/en/status/case/complain/" not in shown


def test_the_page_costs_the_same_for_many_complaints(visitor: Visitor):
    def queries(complaint: Complaint) -> int:
        visitor.open(complaint.case)
        with CaptureQueriesContext(connection) as captured:
            visitor.get("status/case/")
        return len(captured)

    first = complain_in(State.CLOSED)
    one = queries(first)
    for _ in range(2):
        take_to(services.complain(first.case, TEXT), State.CLOSED)

    assert queries(first) == one


def test_the_page_on_how_requests_are_handled_says_how_to_complain(visitor: Visitor):
    shown = text_of(visitor.get("how/"))

    assert "How to complain to us" in shown
    assert "Feedback on a complaint" in shown
