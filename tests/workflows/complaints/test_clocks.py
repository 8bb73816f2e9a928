"""The clocks of a complaint: which run, by which arithmetic, when they stop."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from tests.complaints import HANDLER, complain_in, received
from tests.factories import ERIKA, make_case
from workflows.cases.clocks import stop_clocks
from workflows.cases.lifecycle import State as CaseState
from workflows.cases.models import Case, Clock
from workflows.cases.recalculation import apply_holiday_notice
from workflows.complaints import services
from workflows.complaints.lifecycle import State
from workflows.complaints.models import ComplaintClock
from workflows.complaints.transition import has_clock
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db


def kinds(complaint) -> dict[str, str]:
    return {clock.kind: clock.state for clock in complaint.clocks.all()}


@pytest.mark.parametrize(
    ("residence", "expected"),
    [
        ("GB", {"complaint_acknowledge", "complaint_outcome"}),
        ("CN", {"complaint_response"}),
        ("DE-BE", {"complaint_response"}),
        ("US-CA", {"complaint_response"}),
    ],
)
def test_each_law_has_its_clocks(residence, expected):
    complaint = complain_in(State.RECEIVED, residence=residence)

    assert set(kinds(complaint)) == expected
    assert has_clock(complaint.case)
    assert complaint.clocks.get(leads=True).due_on is not None


def test_the_united_kingdom_counts_thirty_days_and_shows_its_arithmetic():
    complaint = received(datetime(2026, 7, 1, 9, tzinfo=UTC), residence="GB")
    clock = complaint.clocks.get(kind="complaint_acknowledge")

    # The day of receipt is day one.
    assert clock.due_on == date(2026, 7, 30)
    assert [step["code"] for step in clock.deadline["steps"]][:2] == ["received", "counted"]


def test_acknowledging_meets_its_clock_and_answering_the_other():
    complaint = complain_in(State.ACKNOWLEDGED, residence="GB")
    assert kinds(complaint) == {"complaint_acknowledge": "met", "complaint_outcome": "running"}

    services.take_up(complaint, HANDLER)
    services.answer(complaint, HANDLER, "not_upheld", "We answered in time.")
    assert kinds(complaint) == {"complaint_acknowledge": "met", "complaint_outcome": "met"}


def test_an_outcome_after_the_last_day_stays_missed():
    complaint = complain_in(State.IN_HANDLING)
    ComplaintClock.objects.update(due_at=timezone.now() - timedelta(days=1))
    services.answer(complaint, HANDLER, "not_upheld", "Late, but here it is.")

    assert complaint.clocks.get().state == Clock.State.MISSED


def test_a_complaint_leaves_the_clocks_of_the_request_alone():
    case = make_case(CaseState.TRIAGE, ERIKA)
    before = case.due_at
    services.complain(case, "Nobody answers.")

    case.refresh_from_db()
    assert case.due_at == before
    assert case.clocks.filter(kind="complaint_response").count() == 0


class TestTheCommands:
    def test_explain_the_date_of_a_complaint_as_well(self):
        complaint = complain_in(State.RECEIVED, residence="GB")
        out = StringIO()
        call_command("explain_deadline", complaint.case.number, stdout=out)

        assert "UK complaint_acknowledge: due" in out.getvalue()
        assert "s. 164A" in out.getvalue()

    def test_find_a_stored_date_that_is_not_as_derived(self):
        complaint = complain_in(State.RECEIVED)
        call_command("check_clocks", stdout=StringIO())
        ComplaintClock.objects.update(due_at=timezone.now())

        out = StringIO()
        with pytest.raises(CommandError, match="1 cases"):
            call_command("check_clocks", stdout=out)
        assert f"{complaint.case.number} EU complaint_response: stored" in out.getvalue()

    def test_hold_the_date_of_a_contested_case_against_its_complaint(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        services.contest_answer(case, "You overlooked the second dataset.")
        call_command("check_clocks", stdout=StringIO())
        type(case).objects.update(due_at=timezone.now())

        with pytest.raises(CommandError):
            call_command("check_clocks", stdout=StringIO())


def test_a_late_notice_of_days_off_moves_the_date_of_a_complaint():
    # Received late in December, the fifteen working days end in a year without a notice.
    complaint = received(datetime(2026, 12, 21, 2, tzinfo=UTC), residence="CN")
    stop_clocks(complaint.case, timezone.now(), answered=True)
    provisional = complaint.clocks.get()
    assert provisional.provisional

    apply_holiday_notice(
        region="CN",
        year=2027,
        source="An invented notice of the State Council",
        loaded_by="staff-officer",
        days_off=[date(2027, 1, day) for day in (1, 2, 3, 11)],
    )
    drain()

    clock, case = complaint.clocks.get(), Case.objects.get()
    assert not clock.provisional
    assert clock.due_on == provisional.due_on + timedelta(days=1)
    # The clock of the request has stopped, so this one sets the date of the case.
    assert (case.due_on, case.due_provisional) == (clock.due_on, False)
