"""The last judgement is taken back, until a finding or a proposal relies on it."""

import pytest

from tests.factories import (
    APPROVER,
    INTAKE,
    OTHER_REVIEWER,
    REVIEWER,
    in_review_with_proof,
    propose,
)
from tests.workflows.lookups.test_verdicts import match, snapshot  # noqa: F401 - a fixture
from workflows.cases.staff_actions import record_finding, send_back
from workflows.common.errors import Refused
from workflows.ledger.models import Event
from workflows.lookups.services import judge
from workflows.lookups.undoing import last_judgement, undo_judgement

pytestmark = pytest.mark.django_db

OPEN = ("", "")
THEIRS = ("theirs", REVIEWER.pseudonym)


@pytest.fixture
def case():
    return in_review_with_proof()


@pytest.fixture
def places(case, snapshot):  # noqa: F811 - the fixture
    return [match(case, snapshot, number).pk for number in range(3)]


def undo(case, actor=REVIEWER):
    return undo_judgement(case, actor, str(last_judgement(case).uid))


def said(case):
    found = case.matches.values_list("pk", "place_digest", "verdict", "judged_by")
    return [tuple(one[2:]) for one in sorted(found, key=lambda one: bytes(one[1]))]


def test_each_press_takes_one_judgement_back_with_a_step_of_its_own(case, places):
    before = last_judgement(case)
    judge(case, REVIEWER, places[:2], "theirs")
    judge(case, REVIEWER, places[2:], "not_theirs")

    assert undo(case) == 1
    assert said(case) == [THEIRS, THEIRS, OPEN]
    assert undo(case, OTHER_REVIEWER) == 2
    assert said(case) == [OPEN] * 3
    assert last_judgement(case) is before is None
    first, second = Event.objects.filter(case=case.pseudonym, name="match.undone").order_by("step")
    judged = Event.objects.filter(case=case.pseudonym, name="match.reviewed").order_by("-step")
    assert [first.facts["judgement"], second.facts["judgement"]] == [str(e.uid) for e in judged]
    assert second.facts["matches"] == [str(pk) for pk in places[:2]]
    assert second.actor == OTHER_REVIEWER.pseudonym


def test_what_was_said_before_is_said_again_by_who_said_it(case, places):
    judge(case, REVIEWER, places[:1], "theirs")
    judge(case, OTHER_REVIEWER, places[:2], "unsure")
    undo(case)
    assert said(case) == [THEIRS, OPEN, OPEN]
    assert case.matches.get(pk=places[0]).judged_at is not None

    # What was undone counts no more, whatever is undone after it.
    judge(case, OTHER_REVIEWER, places[:1], "not_theirs")
    undo(case)
    assert said(case) == [THEIRS, OPEN, OPEN]
    undo(case)
    assert said(case) == [OPEN] * 3


def test_only_the_last_judgement_can_be_undone_and_only_once(case, places):
    judge(case, REVIEWER, places[:1], "theirs")
    first = str(last_judgement(case).uid)
    judge(case, OTHER_REVIEWER, places[1:], "theirs")
    last = str(last_judgement(case).uid)
    for judgement in (first, "", "anything"):
        with pytest.raises(Refused, match="any more"):
            undo_judgement(case, REVIEWER, judgement)
    undo_judgement(case, REVIEWER, last)
    with pytest.raises(Refused, match="any more"):
        undo_judgement(case, REVIEWER, last)
    assert said(case) == [THEIRS, OPEN, OPEN]


def test_a_finding_that_relies_on_it_ends_that(case, places):
    judge(case, REVIEWER, places, "theirs")
    judgement = str(last_judgement(case).uid)
    record_finding(case, REVIEWER, case.items.get(), "Three.", {"training_snapshot": "found"})
    assert last_judgement(case) is None
    with pytest.raises(Refused, match="any more"):
        undo_judgement(case, REVIEWER, judgement)

    judge(case, REVIEWER, places[:1], "not_theirs")
    undo(case)
    assert said(case) == [THEIRS] * 3
    assert last_judgement(case) is None


def test_a_proposal_ends_it_also_when_it_was_sent_back(case, places):
    judge(case, REVIEWER, places, "theirs")
    judgement = str(last_judgement(case).uid)
    propose(case, REVIEWER)
    with pytest.raises(Refused, match="sent back"):
        undo_judgement(case, REVIEWER, judgement)
    send_back(case, APPROVER, "Look again.")
    assert last_judgement(case) is None


def test_only_who_may_judge_undoes(case, places):
    judge(case, REVIEWER, places, "theirs")
    with pytest.raises(Refused, match="Only reviewers"):
        undo(case, INTAKE)
    assert said(case) == [THEIRS] * 3
