"""Abuse case 17: neither a client's time nor its zone nor a set-back clock moves a deadline."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time

from tests.factories import ERIKA, file
from workflows.cases.clocks import differing_clocks
from workflows.cases.models import Case, Clock
from workflows.routing.effects import sweep_clocks

pytestmark = pytest.mark.django_db


def test_headers_with_another_time_change_nothing(client):
    body = {
        "items": [{"kind": "delete", "details": {"statement": "All of it."}}],
        "residence": "DE-BE",
        "language": "en",
        "subject_name": "Erika Beispiel",
    }
    with freeze_time("2026-03-02 09:00"):
        answer = client.post(
            "/api/v1/requests/",
            body,
            content_type="application/json",
            headers={
                "Idempotency-Key": "b5d1b0a0-7f29-4f0e-8f1d-92e5a4c61c11",
                "Date": "Thu, 01 Jan 2099 00:00:00 GMT",
                "Time-Zone": "Pacific/Kiritimati",
            },
        )

    assert answer.status_code == 201
    assert Case.objects.get().due_on.isoformat() == "2026-04-02"


def test_a_host_whose_clock_was_set_back_marks_late_once_and_reopens_nothing():
    with freeze_time("2026-03-02 09:00"):
        case = file(ERIKA).case
    late = datetime(2026, 4, 5, 9, tzinfo=UTC)
    sweep_clocks(late)
    assert sweep_clocks(late - timedelta(days=20)) == 0

    clock = case.clocks.get(leads=True)
    assert clock.state == Clock.State.MISSED
    assert differing_clocks(case) == []
