"""What becomes of the models stands on the case's page and where a decision is made on it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from tests.factories import REVIEWER, STEWARD, ground_for, in_review_with_proof
from tests.personas import make_staff
from tests.requests_portal.staff.addresses import action_url, case_url
from tests.workflows.corrections.changing import FORUM, judge_all, look_up
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.staff_actions import record_finding
from workflows.datasets.models import TrainedModel
from workflows.datasets.register import save_model

__all__ = ["data", "no_broker"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def day():
    return timezone.localdate() + timedelta(days=100)


@pytest.fixture
def case(data, day):
    (data / "forum.jsonl").write_text(lines(FORUM))
    model = TrainedModel(
        name="chat", version="1", trained_on=date(2026, 1, 1), next_training_on=day
    )
    save_model(model, STEWARD, [make_snapshot("forum.jsonl")])
    case = in_review_with_proof()
    look_up()
    judge_all(case, {"a"})
    record_finding(
        case, REVIEWER, case.items.get(), "Found.", {"model": "found"}, verification="Looked at."
    )
    return case


@pytest.mark.parametrize("page", ["case", "propose_decision", "approve"])
def test_each_page_says_it(sign_in, send, case, page):
    client = sign_in(make_staff("ravi", "reviewer"))
    if page == "approve":
        typed = {"outcome_1": "refused", "ground_1": "not_proved", "reasons_1": "Facts."}
        send(client, action_url(case, "propose_decision"), typed)
        client = sign_in(make_staff("ada", "approver"))
    shown = client.get(case_url(case) if page == "case" else action_url(case, page))
    assert "chat 1: it is trained next on" in shown.content.decode()


@pytest.mark.parametrize("outcome", ["queued_for_retraining", "corrected"])
def test_the_day_of_the_register_is_taken_where_the_outcome_needs_one(
    sign_in, send, case, day, outcome
):
    client = sign_in(make_staff("ravi", "reviewer"))
    typed = {
        "outcome_1": outcome,
        "ground_1": ground_for(case.items.get(), outcome),
        "reasons_1": "It is so.",
        "instead_because_1": "It is hard.",
    }
    send(client, action_url(case, "propose_decision"), typed)
    item = case.items.get()
    expected = day if outcome == "queued_for_retraining" else None
    assert (item.outcome, item.retraining_on) == (outcome, expected)
