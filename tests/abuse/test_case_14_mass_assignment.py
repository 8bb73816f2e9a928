"""Abuse case 14: what a program sends beside the request sets nothing: it is refused."""

import pytest

from workflows.cases.models import Case

pytestmark = pytest.mark.django_db

BODY = {
    "items": [{"kind": "delete", "details": {"statement": "All of it."}}],
    "residence": "DE-BE",
    "language": "en",
    "subject_name": "Erika Beispiel",
}
FORGED = {
    "state": "answered",
    "due_at": "2099-01-01T00:00:00Z",
    "filed_at": "2000-01-01T00:00:00Z",
    "assignee": 1,
    "regime": "US-CA",
    "regimes": ["US-CA"],
    "assurance": "mandate",
    "is_staff": True,
}


def test_a_request_that_names_state_date_regime_or_assurance_is_refused(client):
    answer = client.post(
        "/api/v1/requests/",
        {**BODY, **FORGED},
        content_type="application/json",
        headers={"Idempotency-Key": "5f0c4d84-6f4e-4c2f-9d50-1b3f1c8d1a11"},
    )

    assert answer.status_code == 400
    assert not Case.objects.exists()
