"""Findings, proposals and decisions."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    APPROVER,
    ERIKA,
    OTHER_APPROVER,
    OTHER_REVIEWER,
    REVIEWER,
    WANG,
    in_review_with_proof,
    make_case,
    propose,
)
from workflows.cases import staff_actions
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case, EventContent, Item, Message
from workflows.cases.staff_actions import ItemProposal
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.vocabulary.item_kinds import ItemKind, outcomes_for
from workflows.vocabulary.outcomes import CHANGES_DATA, Outcome, Scope, ScopeResult

pytestmark = pytest.mark.django_db


def last_event(name: str) -> Event:
    return Event.objects.filter(name=name).latest("id")


class TestFindings:
    def test_a_finding_is_kept_with_what_each_search_came_to(self):
        case = make_case(State.IN_REVIEW)
        scopes = dict.fromkeys(Scope, ScopeResult.SEARCHED)

        staff_actions.record_finding(case, REVIEWER, case.items.get(), " Two records. ", scopes)

        item = case.items.get()
        assert (item.finding, item.scopes) == ("Two records.", scopes)
        event = last_event("finding.recorded")
        assert event.facts["scopes"] == scopes
        assert "Two records" not in bytes(event.leaf).decode()

    @pytest.mark.parametrize(
        ("finding", "scopes"),
        [
            ("", {}),
            ("Found.", {"moon": ScopeResult.FOUND}),
            ("Found.", {Scope.MODEL: "perhaps"}),
            ("x" * 10_001, {}),
        ],
    )
    def test_what_is_no_finding_is_refused(self, finding, scopes):
        case = make_case(State.IN_REVIEW)

        with pytest.raises(InvalidInput):
            staff_actions.record_finding(case, REVIEWER, case.items.get(), finding, scopes)
        assert case.items.get().finding == ""

    def test_in_another_state_nothing_is_kept(self):
        case = make_case(State.TRIAGE)

        with pytest.raises(MoveRefused):
            staff_actions.record_finding(case, REVIEWER, case.items.get(), "Found.", {})
        assert case.items.get().finding == ""


class TestProposals:
    def proposal(self, case, **changes) -> list[ItemProposal]:
        values = {"outcome": Outcome.CORRECTED, "reasons": "It was wrong.", **changes}
        return [ItemProposal(item, **values) for item in case.items.all()]

    def test_a_proposal_is_kept_and_its_reasons_are_committed_to(self):
        case = in_review_with_proof()
        moves.propose_decision(case, REVIEWER, self.proposal(case))

        item = case.items.get()
        assert (item.outcome, item.reasons, item.ground) == ("corrected", "It was wrong.", "")
        assert case.proposed_by == REVIEWER.pseudonym
        event = last_event("decision.proposed")
        assert event.facts["outcomes"] == [{"item": 1, "kind": "correct", "outcome": "corrected"}]
        opening = EventContent.objects.get(event=event.uid, name="reasons").opening
        assert opening["content"] == {"1": "It was wrong."}

    @pytest.mark.parametrize(
        "changes",
        [
            {"outcome": Outcome.PROVIDED},
            {"outcome": "forgotten"},
            {"outcome": ""},
            {"outcome": Outcome.REFUSED},
            {"outcome": Outcome.REFUSED, "ground": "because"},
            # A ground that another law knows.
            {"outcome": Outcome.REFUSED, "ground": "twice_in_twelve_months"},
            {"outcome": Outcome.QUEUED_FOR_RETRAINING},
            {"reasons": "  "},
            {"reasons": "a\x00b"},
        ],
    )
    def test_what_cannot_be_proposed_leaves_nothing(self, changes):
        case = in_review_with_proof()
        events = Event.objects.count()

        with pytest.raises(InvalidInput):
            moves.propose_decision(case, REVIEWER, self.proposal(case, **changes))

        assert case.items.get().outcome == ""
        assert Event.objects.count() == events

    def test_a_refusal_names_its_ground_in_the_log(self):
        case = in_review_with_proof()
        propose(case)

        assert last_event("decision.proposed").facts["outcomes"][0]["ground"]

    def test_a_ground_is_kept_for_refusals_only(self):
        case = in_review_with_proof()
        moves.propose_decision(case, REVIEWER, self.proposal(case, ground="not_proved"))

        assert case.items.get().ground == ""

    def test_the_date_of_the_next_training_is_kept(self):
        case = in_review_with_proof()
        day = timezone.localdate() + timedelta(days=100)
        moves.propose_decision(
            case,
            REVIEWER,
            self.proposal(
                case,
                outcome=Outcome.QUEUED_FOR_RETRAINING,
                ground="queued_for_retraining",
                retraining_on=day,
            ),
        )

        assert case.items.get().retraining_on == day

    @pytest.mark.parametrize("kind", ItemKind.values)
    def test_each_kind_of_item_can_be_granted_and_denied(self, kind):
        outcomes = outcomes_for(kind)

        assert {Outcome.REFUSED, Outcome.NOT_HELD, Outcome.NOT_IDENTIFIABLE} < set(outcomes)
        assert len(outcomes) == len(set(outcomes))


class TestDeciding:
    def test_sending_back_says_why(self):
        case = in_review_with_proof()
        propose(case)

        with pytest.raises(InvalidInput):
            staff_actions.send_back(case, APPROVER, " ")
        staff_actions.send_back(case, APPROVER, "Look again.")

        event = last_event("decision.sent_back")
        opening = EventContent.objects.get(event=event.uid).opening
        assert opening["content"] == "Look again."
        assert case.state == State.IN_REVIEW

    @pytest.mark.parametrize("outcome", [Outcome.CORRECTED, Outcome.DELETED])
    def test_what_claims_a_change_waits_for_it(self, outcome):
        case = in_review_with_proof()
        propose(case, outcome=outcome)
        staff_actions.approve(case, APPROVER)

        assert not case.items.get().executed
        assert outcome in CHANGES_DATA

    def test_an_approval_that_is_refused_leaves_the_items_alone(self):
        case = in_review_with_proof()
        propose(case, outcome=Outcome.CORRECTED)

        with pytest.raises(MoveRefused):
            staff_actions.approve(case, REVIEWER)
        assert Item.objects.get().executed

    def test_the_answer_is_a_message_of_the_instant_of_its_event(self):
        case = in_review_with_proof()
        propose(case)
        staff_actions.approve(case, APPROVER)

        message = moves.answer(case, APPROVER)

        assert message.kind == Message.Kind.ANSWER
        assert not message.from_person
        assert message.sent_at == last_event("answer.sent").at
        assert case.answered_at is not None

    def test_an_answer_that_is_refused_leaves_no_message(self):
        case = make_case(State.DECISION_PROPOSED, ERIKA)

        with pytest.raises(MoveRefused):
            moves.answer(case, APPROVER)
        assert not Message.objects.filter(kind=Message.Kind.ANSWER).exists()


@pytest.mark.parametrize("state", list(State))
def test_an_outcome_is_told_from_the_answer_on(state):
    told = {State.ANSWERED, State.CONTESTED, State.CLOSED}

    assert Case(state=state).outcome_is_told == (state in told)


def test_a_contested_case_is_decided_and_answered_again():
    case = make_case(State.CONTESTED, WANG)
    advance(case, Action.REOPEN, OTHER_REVIEWER)
    propose(case, OTHER_REVIEWER)
    staff_actions.approve(case, OTHER_APPROVER)
    moves.answer(case, OTHER_APPROVER)

    assert case.state == State.ANSWERED
    assert case.messages.filter(kind=Message.Kind.ANSWER).count() == 2
