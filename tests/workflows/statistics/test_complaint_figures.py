"""Counts of what became of complaints, each by its definition."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from tests.complaints import HANDLER, complain_in, received, take_to
from tests.factories import ERIKA
from workflows.complaints import services
from workflows.complaints.lifecycle import State
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.statistics.complaint_figures import complaint_figures
from workflows.statistics.counts import Period

pytestmark = pytest.mark.django_db
EVER = Period()


def of_china(state: State) -> Complaint:
    return complain_in(state, residence="CN")


def test_nothing_is_counted_where_nothing_is(scope):
    complain_in(State.RECEIVED, request=ERIKA)

    counted = asdict(complaint_figures(scope, EVER))
    assert {name for name, figure in counted.items() if figure} == set()
    assert counted["median_days"] is None


def test_each_end_of_a_complaint_is_counted_once(scope):
    for state in (State.RECEIVED, State.IN_HANDLING, State.WITHDRAWN, State.CLOSED):
        of_china(state)
    refused = of_china(State.IN_HANDLING)
    services.answer(refused, HANDLER, "not_upheld", "We answered in time.")
    part = of_china(State.IN_HANDLING)
    services.answer(part, HANDLER, "partly_upheld", "Half of it.", "That half is mended.")

    counted = complaint_figures(scope, EVER)
    assert (counted.received, counted.open, counted.withdrawn, counted.answered) == (6, 2, 1, 3)
    assert (counted.upheld, counted.partly_upheld, counted.not_upheld) == (1, 1, 1)


def test_days_run_from_receipt_to_outcome(scope):
    for days in (1, 2, 9):
        complaint = of_china(State.ANSWERED)
        Complaint.objects.filter(pk=complaint.pk).update(
            answered_at=F("received_at") + timedelta(days=days)
        )

    counted = complaint_figures(scope, EVER)
    assert (counted.mean_days, counted.median_days) == (4, 2)


def test_late_is_what_missed_its_day_whether_swept_or_not(scope):
    missed, running, _fine = (of_china(State.RECEIVED) for _number in range(3))
    clocks = ComplaintClock.objects.all()
    clocks.filter(complaint=missed).update(state="missed")
    clocks.filter(complaint=running).update(due_at=timezone.now() - timedelta(days=1))

    assert complaint_figures(scope, EVER).late == 2


def test_the_period_is_that_of_the_days_on_which_they_came(scope):
    for day in (1, 2, 3):
        complaint = received(datetime(2026, 3, day, 12, tzinfo=UTC), residence="CN")
        take_to(complaint, State.WITHDRAWN)

    period = Period(since=date(2026, 3, 2), until=date(2026, 3, 2))
    assert complaint_figures(scope, period).received == 1
