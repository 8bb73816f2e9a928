"""What was judged to be theirs and is then said not to be there is asked about once more."""

import pytest
from django.utils import timezone

from tests.factories import in_review_with_proof
from tests.personas import make_staff
from tests.requests_portal.staff.addresses import action_url
from tests.workflows.datasets.conftest import data  # noqa: F401 - a fixture
from tests.workflows.datasets.entries import make_snapshot
from tests.workflows.lookups.test_verdicts import match
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.lookups.models import Match

pytestmark = pytest.mark.django_db


@pytest.fixture
def snapshot(data):  # noqa: F811 - the fixture
    (data / "forum.jsonl").write_text('{"id": "a", "text": "nobody"}\n')
    return make_snapshot("forum.jsonl")


def judged(case: Case, snapshot, verdict: str) -> None:
    found = match(case, snapshot)
    Match.objects.filter(pk=found.pk).update(
        verdict=verdict, judged_by="somebody", judged_at=timezone.now()
    )


def test_it_is_proposed_only_when_somebody_says_that_it_is_right(sign_in, send, snapshot) -> None:
    case = in_review_with_proof()
    judged(case, snapshot, Match.Verdict.THEIRS)
    client = sign_in(make_staff("one", "reviewer"))
    typed = {"outcome_1": "not_held", "reasons_1": "It is another page."}
    answer = send(client, action_url(case, "propose_decision"), typed)
    assert "Places were judged to be theirs" in answer.content.decode()
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW

    send(client, action_url(case, "propose_decision"), {**typed, "differs_1": "on"})
    case.refresh_from_db()
    assert case.state == State.DECISION_PROPOSED


def test_what_is_somebody_elses_is_not_asked_about(sign_in, send, snapshot) -> None:
    case = in_review_with_proof()
    judged(case, snapshot, Match.Verdict.NOT_THEIRS)
    client = sign_in(make_staff("one", "reviewer"))
    typed = {"outcome_1": "not_held", "reasons_1": "Nothing is held."}
    send(client, action_url(case, "propose_decision"), typed)
    case.refresh_from_db()
    assert case.state == State.DECISION_PROPOSED
