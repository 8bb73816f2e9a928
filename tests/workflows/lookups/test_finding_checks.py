"""A finding is recorded once the look-up is done and judged, and contradicts it only knowingly."""

import pytest

from tests.factories import REVIEWER, make_case
from tests.workflows.lookups.test_verdicts import (  # noqa: F401 - a fixture
    match,
    searched,
    snapshot,
)
from workflows.cases.lifecycle import State
from workflows.cases.staff_actions import record_finding
from workflows.common.errors import DomainError, InvalidInput, Refused
from workflows.datasets.models import Snapshot
from workflows.ledger.models import Event
from workflows.lookups.models import LookupRun, ShardScan
from workflows.lookups.services import judge

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return make_case(State.IN_REVIEW)


def record(case, result, *, differs=False):
    """Record a finding about the training data; return what the log says of it."""
    scopes = {"training_snapshot": result}
    record_finding(case, REVIEWER, case.items.get(), "Posts.", scopes, differs=differs)
    return Event.objects.filter(case=case.pseudonym, name="finding.recorded").latest("step").facts


def assert_refused(case, result, why, *, differs=False, error: type[DomainError] = Refused) -> None:
    with pytest.raises(error, match=why):
        record(case, result, differs=differs)
    assert case.items.get().finding == ""


def test_places_that_nobody_has_judged_hold_it_up_whatever_is_said(case, snapshot):  # noqa: F811
    searched(case, snapshot)
    strong, weak = match(case, snapshot, 1), match(case, snapshot, 2, "weak")
    for result in ("found", "searched", "not_searched"):
        assert_refused(case, result, "2 places that were found", differs=True)
    judge(case, REVIEWER, [strong.pk], "theirs")
    assert_refused(case, "found", "1 place that was found")
    judge(case, REVIEWER, [weak.pk], "unsure")
    assert record(case, "found")["scopes"] == {"training_snapshot": "found"}


def test_places_in_data_that_are_gone_hold_nothing_up(case, snapshot):  # noqa: F811
    match(case, snapshot)
    Snapshot.objects.update(state=Snapshot.State.PURGED)
    assert record(case, "searched")


def test_a_look_up_under_way_holds_it_up_and_those_of_others_do_not(case):
    LookupRun.objects.create(case=None, reason="nightly")
    LookupRun.objects.create(case=make_case(State.IN_REVIEW), reason="staff")
    assert record(case, "not_searched")
    own = make_case(State.IN_REVIEW)
    LookupRun.objects.create(case=own, reason="staff")
    assert_refused(own, "not_searched", "under way", differs=True)


@pytest.mark.parametrize(
    ("state", "claimed"),
    [(ShardScan.State.DONE, "found"), (ShardScan.State.FAILED, "searched")],
)
def test_what_contradicts_it_is_recorded_only_knowingly_and_the_log_says_so(
    case,
    snapshot,  # noqa: F811
    state,
    claimed,
):
    searched(case, snapshot, state)
    assert_refused(case, claimed, "something else: Training data", error=InvalidInput)
    assert record(case, claimed, differs=True)["differs"] == ["training_snapshot"]


def test_what_agrees_with_it_differs_in_nothing(case, snapshot):  # noqa: F811
    searched(case, snapshot)
    assert "differs" not in record(case, "searched", differs=True)
    judge(case, REVIEWER, [match(case, snapshot).pk], "theirs")
    assert "differs" not in record(case, "found")
