"""Counts of what became of requests, each by its definition."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    APPROVER,
    ERIKA,
    REVIEWER,
    STEWARD,
    file,
    granted,
    in_review_with_proof,
    make_case,
    propose,
)
from workflows.cases import staff_actions
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.staff_actions import ItemProposal
from workflows.corrections.instructions import issue_instructions, record_receipt
from workflows.notices import moves
from workflows.statistics.counting import ABUSE
from workflows.statistics.counts import Period
from workflows.statistics.figures import by_kind, by_month, denials, figures, report

EVER = Period()


def answered_after(case, days):
    Case.objects.filter(pk=case.pk).update(answered_at=case.filed_at + timedelta(days=days))


def answer(case):
    for instruction in issue_instructions(case):
        record_receipt(instruction, STEWARD, "Snapshot 2026-11, checked by a search.")
    moves.answer(case, APPROVER)


def test_nothing_is_counted_where_nothing_is(scope):
    counted = figures(scope, EVER)
    assert (counted.received, counted.open, counted.late) == (0, 0, 0)
    assert (counted.mean_days, counted.median_days) == (None, None)
    assert (by_month(scope, EVER), by_kind(scope, EVER), denials(scope, EVER)) == ([], [], [])


def test_each_end_of_a_case_is_counted_once(scope):
    make_case(State.FILED)
    make_case(State.WITHDRAWN)
    make_case(State.EXPIRED)
    make_case(State.REJECTED_AS_ABUSE)
    make_case(State.ANSWERED)
    answer(granted())
    nothing = make_case(State.IN_REVIEW)
    propose(nothing, outcome="not_held")
    staff_actions.approve(nothing, APPROVER)
    moves.answer(nothing, APPROVER)
    counted = figures(scope, EVER)
    assert counted.received == 7
    assert (counted.answered, counted.whole, counted.part) == (4, 1, 0)
    assert (counted.denied, counted.nothing_held) == (2, 1)
    assert (counted.ended, counted.open) == (2, 1)


def test_some_granted_and_some_refused_is_in_part(other_scope):
    case = in_review_with_proof(ERIKA)
    ground = next(iter(case.lead_regime.grounds))
    copy, delete = case.items.all()
    moves.propose_decision(
        case,
        REVIEWER,
        [
            ItemProposal(copy, "provided", "Here it is."),
            ItemProposal(delete, "refused", "It must be kept.", ground),
        ],
    )
    staff_actions.approve(case, APPROVER)
    answer(case)
    counted = figures(other_scope, EVER)
    assert (counted.whole, counted.part, counted.denied) == (0, 1, 0)
    kinds = dict(by_kind(other_scope, EVER))
    assert (kinds["copy"].whole, kinds["copy"].denied) == (1, 0)
    assert (kinds["delete"].whole, kinds["delete"].denied) == (0, 1)
    [denial] = denials(other_scope, EVER)
    assert (denial.ground, denial.count) == (ground, 1)
    assert denial.text == case.lead_regime.grounds[ground].text


def test_a_proposed_outcome_is_not_yet_one(scope):
    make_case(State.DECISION_PROPOSED)
    counted = figures(scope, EVER)
    assert (counted.answered, counted.denied, counted.open) == (0, 0, 1)
    assert dict(by_kind(scope, EVER))["correct"].denied == 0
    assert denials(scope, EVER) == []


def test_mean_and_median_run_from_receipt_to_answer(scope):
    for days in (1, 2, 9):
        answered_after(make_case(State.ANSWERED), days)
    make_case(State.FILED)
    counted = figures(scope, EVER)
    assert (counted.mean_days, counted.median_days) == (4.0, 2.0)
    assert dict(by_kind(scope, EVER))["correct"].median_days == 2.0


def test_late_is_what_missed_its_day_whether_swept_or_not(scope):
    missed, running, fine = (make_case() for _number in range(3))
    missed.clocks.filter(leads=True).update(state="missed")
    running.clocks.filter(leads=True).update(due_at=timezone.now() - timedelta(seconds=1))
    fine.clocks.exclude(leads=True).update(state="missed")
    assert figures(scope, EVER).late == 2
    assert dict(by_kind(scope, EVER))["correct"].late == 2


def test_a_clock_of_another_regime_does_not_make_late(scope):
    case = make_case()
    case.clocks.filter(leads=True).update(state="missed", regime="EU")
    assert figures(scope, EVER).late == 0


def test_days_and_months_are_those_of_the_regime(scope):
    file(at=datetime(2026, 1, 31, 15, 59, tzinfo=UTC))
    file(at=datetime(2026, 1, 31, 16, 0, tzinfo=UTC))
    assert [(month, counted.received) for month, counted in by_month(scope, EVER)] == [
        (date(2026, 1, 1), 1),
        (date(2026, 2, 1), 1),
    ]
    assert figures(scope, Period(until=date(2026, 1, 31))).received == 1
    assert figures(scope, Period(since=date(2026, 2, 1))).received == 1
    assert figures(scope, Period(date(2026, 2, 2), date(2026, 2, 3))).received == 0


def test_rejections_as_abuse_stand_among_the_denials(scope):
    make_case(State.REJECTED_AS_ABUSE)
    make_case(State.ANSWERED)
    make_case(State.ANSWERED)
    found = [(denial.ground == ABUSE, denial.count) for denial in denials(scope, EVER)]
    assert found == [(False, 2), (True, 1)]


def test_the_cost_does_not_grow_with_the_cases(scope, django_assert_num_queries):
    for _number in range(3):
        make_case(State.ANSWERED)
    for count, read in ((2, figures), (2, by_month), (2, by_kind), (4, denials), (4, report)):
        with django_assert_num_queries(count):
            read(scope, EVER)
    with django_assert_num_queries(6):
        report(scope, Period(date(2025, 1, 2), date(2026, 12, 30)))


@pytest.mark.parametrize("state", [state for state in State if state != State.FILED])
def test_every_case_is_open_answered_or_ended(state, scope):
    """No state is forgotten, and none counts twice."""
    make_case(state)
    counted = figures(scope, EVER)
    assert counted.open + counted.answered + counted.ended == counted.received
