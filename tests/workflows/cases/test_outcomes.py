"""Outcomes beyond yes and no: what each of them needs before it may be proposed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    APPROVER,
    ERIKA,
    INTAKE,
    REVIEWER,
    WANG,
    ground_for,
    in_review_with_proof,
    make_case,
    propose,
)
from workflows.cases import staff_actions
from workflows.cases.errors import InvalidFiling, MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.staff_actions import ItemProposal
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.ledger.selectors import events_of_case
from workflows.notices import moves
from workflows.notices.answers import compose_answer
from workflows.notices.document import to_text
from workflows.regimes.services import all_regimes
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db

DAUGHTER = replace(
    WANG,
    items=(FiledItem("delete"),),
    requester_role="near_relative",
    requester_name="王芳",
    authority="我是他的女儿。",
    kinship="女儿",
    own_interest="文章里有我的住址。",
    arrangement="没有另作安排。",
)


def proposed(case: Case, outcome: str, **more: object) -> None:
    staff_actions.propose_decision(
        case,
        REVIEWER,
        [
            ItemProposal(
                item,
                outcome,
                "These are the reasons.",
                **{"ground": ground_for(item, outcome), **more},
            )
            for item in case.items.all()
        ],
    )


def asked_for(kind: str, residence: str = "CN") -> Case:
    return in_review_with_proof(replace(WANG, items=(FiledItem(kind),), residence=residence))


class TestProcessingStopped:
    def test_in_china_it_stands_in_for_a_deletion_that_is_hard_with_the_reason(self):
        case = asked_for("delete")

        with pytest.raises(InvalidInput, match="Say why it cannot be done"):
            proposed(case, Outcome.PROCESSING_STOPPED)
        proposed(case, Outcome.PROCESSING_STOPPED, instead_because="固化的快照难以逐一删除。")

        assert "固化的快照难以逐一删除。" in to_text(compose_answer(case).document)
        assert case.state == State.DECISION_PROPOSED

    @pytest.mark.parametrize("residence", ["DE-BE", "GB-ENG", "US-CA"])
    def test_where_the_law_does_not_know_it_it_stands_in_for_nothing(self, residence):
        with pytest.raises(InvalidInput, match="does not know that outcome"):
            proposed(
                asked_for("delete", residence), Outcome.PROCESSING_STOPPED, instead_because="Hard."
            )

    def test_it_answers_an_objection_without_more(self):
        case = asked_for("object")

        proposed(case, Outcome.PROCESSING_STOPPED)

        assert not case.items.get().instead_because


class TestErasureForCorrection:
    @pytest.mark.parametrize("residence", ["CN", "DE-BE", "GB-ENG", "US-CA"])
    def test_it_needs_the_reason_why_nothing_can_be_corrected(self, residence):
        case = asked_for("correct", residence)

        with pytest.raises(InvalidInput, match="Say why it cannot be done"):
            proposed(case, Outcome.DELETED, instead_because="  ")
        proposed(case, Outcome.DELETED, instead_because="The source is gone.")

        assert case.items.get().instead_because == "The source is gone."

    def test_what_was_proposed_before_does_not_stay(self):
        case = asked_for("correct")
        proposed(case, Outcome.DELETED, instead_because="The source is gone.")
        staff_actions.send_back(case, APPROVER, "It can be corrected.")

        proposed(case, Outcome.CORRECTED, instead_because="The source is gone.")

        assert not case.items.get().instead_because


class TestQueuedForRetraining:
    @pytest.mark.parametrize("days", [None, -1, 0])
    def test_it_names_a_coming_day(self, days):
        day = days if days is None else timezone.localdate() + timedelta(days=days)

        with pytest.raises(InvalidInput, match="coming day"):
            proposed(asked_for("delete"), Outcome.QUEUED_FOR_RETRAINING, retraining_on=day)

    def test_the_answer_tells_the_day(self):
        case = asked_for("delete", "DE-BE")
        day = timezone.localdate() + timedelta(days=40)

        proposed(case, Outcome.QUEUED_FOR_RETRAINING, retraining_on=day)

        assert case.items.get().retraining_on == day


class TestVerification:
    @staticmethod
    def unverified(residence: str, kind: str = "correct") -> Case:
        request = replace(WANG, items=(FiledItem(kind),), residence=residence)
        case = make_case(State.TRIAGE, request)
        moves.ask_identity(case, INTAKE, "Please show who you are.")
        staff_actions.accept_identity(case, INTAKE, Assurance.DOCUMENT, "Checked.")
        advance(case, Action.BEGIN_REVIEW, REVIEWER)
        return case

    @pytest.mark.parametrize(
        ("kind", "outcome"), [("correct", Outcome.CORRECTED), ("supplement", Outcome.SUPPLEMENTED)]
    )
    def test_in_china_nothing_is_corrected_before_it_was_verified(self, kind, outcome):
        case = self.unverified("CN", kind)

        with pytest.raises(MoveRefused, match="verified before it is corrected"):
            proposed(case, outcome)
        staff_actions.record_finding(
            case, REVIEWER, case.items.get(), "Found.", {}, verification="A register says so."
        )
        proposed(case, outcome)

        found = [e for e in events_of_case(case.pseudonym) if e.name == "finding.recorded"]
        assert found[-1].facts["verified"] is True
        assert "verification" in found[-1].body["commitments"]

    def test_a_later_finding_does_not_undo_it(self):
        case = asked_for("correct")
        staff_actions.record_finding(case, REVIEWER, case.items.get(), "One more.", {})

        assert case.items.get().is_verified

    def test_in_europe_it_is_not_demanded(self):
        case = self.unverified("DE-BE")

        proposed(case, Outcome.CORRECTED)

        assert case.state == State.DECISION_PROPOSED

    def test_other_outcomes_need_none(self):
        case = self.unverified("CN")

        propose(case)

        assert case.state == State.DECISION_PROPOSED


class TestNearRelatives:
    @pytest.mark.parametrize("missing", ["kinship", "own_interest", "arrangement"])
    def test_in_china_they_tell_kinship_interest_and_arrangement(self, missing):
        with pytest.raises(InvalidFiling) as refused:
            make_case(State.FILED, DAUGHTER, **{missing: ""})

        assert set(refused.value.errors) == {missing}

    def test_elsewhere_nobody_is_asked(self, settings):
        settings.PROVIDER_REGIMES = [regime.code for regime in all_regimes()]
        case = make_case(
            State.FILED, DAUGHTER, residence="DE-BE", kinship="", own_interest="", arrangement=""
        )

        assert [person.kin for person in case.people.all()] == [None, None]

    def test_what_they_tell_is_kept_with_the_requester(self):
        case = make_case(State.FILED, DAUGHTER)

        assert case.people.get(part="requester").kin == {
            "kinship": "女儿",
            "own_interest": "文章里有我的住址。",
            "arrangement": "没有另作安排。",
        }

    def test_nothing_is_granted_before_it_was_looked_at(self):
        case = in_review_with_proof(DAUGHTER)

        with pytest.raises(MoveRefused, match="arrangement of the deceased"):
            proposed(case, Outcome.DELETED)
        staff_actions.record_finding(
            case, REVIEWER, case.items.get(), "Found.", {}, kin="Checked a household register."
        )
        proposed(case, Outcome.DELETED)

        assert case.kin_finding == "Checked a household register."

    def test_a_refusal_waits_for_nothing(self):
        case = in_review_with_proof(DAUGHTER)

        propose(case)

        assert case.state == State.DECISION_PROPOSED


class TestMinors:
    @staticmethod
    def answered(role: str, residence: str = "CN") -> str:
        request = replace(
            ERIKA,
            items=(FiledItem("delete"),),
            residence=residence,
            requester_role=role,
            requester_name="" if role == "self" else "Max Beispiel",
            authority="" if role == "self" else "The father.",
        )
        case = make_case(State.DECISION_PROPOSED, request)
        staff_actions.approve(case, APPROVER)
        return moves.answer(case, APPROVER).body

    @pytest.mark.parametrize("role", ["guardian", "self"])
    def test_a_refusal_with_its_reasons_is_in_writing_whoever_asks(self, role):
        text = self.answered(role)

        assert "This refusal and its reasons are given in writing, to minors" in text
        assert "Because of the facts of this case." in text


def test_places_are_told_in_the_order_of_the_law_whatever_the_database_keeps():
    item = make_case(State.IN_REVIEW).items.first()
    item.scopes = dict.fromkeys(reversed(Scope), ScopeResult.FOUND)
    item.save()
    item.refresh_from_db()

    assert [name for name, _result in item.scopes_in_words] == [str(s.label) for s in Scope]
