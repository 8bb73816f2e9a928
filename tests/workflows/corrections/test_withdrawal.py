"""What was approved is a fixed set; what is not carried out of it can be taken back."""

from dataclasses import replace

import pytest

from tests.factories import APPROVER, OFFICER, REVIEWER, STEWARD, WANG, propose
from tests.workflows.corrections.changing import (
    FORUM,
    executing,
    judge_all,
    look_up,
    manifest_for,
    propose_and_approve,
    run_due,
)
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases import correspondence, staff_actions
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.staff_actions import ItemProposal
from workflows.common.errors import InvalidInput, Refused
from workflows.corpus.entries import JSONL
from workflows.corrections.downloads import download_file
from workflows.corrections.instructions import record_receipt
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import Instruction, Manifest, PipelineAcknowledgement
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.withdrawal import stop_execution
from workflows.ledger.models import Event
from workflows.lookups.models import Match
from workflows.lookups.services import judge
from workflows.notices import moves
from workflows.outbox.models import Effect
from workflows.vocabulary.outcomes import Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
IN_ENGLISH = replace(DELETE, language="en")
WHY = "The records cannot be told apart."


def other_persons_match(case: Case) -> Match:
    return case.matches.exclude(verdict=Match.Verdict.THEIRS).earliest("pk")


class TestWhatWasApprovedIsFixed:
    @pytest.mark.parametrize("state", [State.DECISION_PROPOSED, State.EXECUTING])
    def test_no_verdict_changes_after_the_proposal(self, forum, state):
        case = executing(Outcome.DELETED, DELETE)
        Case.objects.filter(pk=case.pk).update(state=state)
        before = list(case.matches.order_by("pk").values("pk", "verdict"))

        with pytest.raises(Refused, match="sent back"):
            judge(case, REVIEWER, [other_persons_match(case).pk], Match.Verdict.THEIRS)
        assert list(case.matches.order_by("pk").values("pk", "verdict")) == before

    def test_a_manifest_holds_what_the_approver_saw_and_no_more(self, forum):
        case = executing(Outcome.DELETED, DELETE)
        with pytest.raises(Refused):
            judge(case, REVIEWER, [other_persons_match(case).pk], Match.Verdict.THEIRS)

        assert {entry.id for entry in entries_of(manifest_for(forum))} == {"a"}


class TestBackToTheReview:
    def test_what_is_open_is_taken_back_and_nothing_waits(self, forum):
        case = executing(Outcome.DELETED, DELETE)
        manifest = manifest_for(forum)

        stop_execution(case, APPROVER, WHY)

        manifest.refresh_from_db()
        assert case.state == State.IN_REVIEW
        assert manifest.state == Manifest.State.WITHDRAWN
        assert not Instruction.objects.open().exists()
        assert build_manifest(forum.pk) is None
        assert Event.objects.filter(case=case.pseudonym, name="manifest.withdrawn").exists()

    def test_it_needs_somebody_else_than_who_proposed_and_reasons(self, forum):
        case = executing(Outcome.DELETED, DELETE)
        with pytest.raises(InvalidInput):
            stop_execution(case, APPROVER, " ")

        of_an_officer = executing_by(OFFICER)
        with pytest.raises(MoveRefused, match="somebody else has to decide"):
            stop_execution(of_an_officer, OFFICER, WHY)

    def test_another_verdict_and_another_approval_make_another_manifest(self, forum):
        case = executing(Outcome.DELETED, DELETE)
        manifest_for(forum)
        stop_execution(case, APPROVER, WHY)
        look_up()

        judge_all(case, {"a", "b"})
        propose_and_approve(case, Outcome.DELETED)

        assert {entry.id for entry in entries_of(manifest_for(forum))} == {"a", "b"}

    def test_the_answer_tells_of_what_was_approved_anew_alone(self, forum):
        case = executing(Outcome.DELETED, IN_ENGLISH, frozenset("ab"))
        manifest_for(forum)
        stop_execution(case, APPROVER, WHY)
        look_up()
        judge_all(case, {"a"})
        propose_and_approve(case, Outcome.DELETED)
        again = manifest_for(forum)
        ask_to_apply(again, STEWARD)
        apply_locally(str(again.pk))
        verify_manifest(str(again.pk))

        assert "1 record was taken out." in moves.answer(case, APPROVER).body

    def test_the_answer_says_that_it_was_done_by_hand_after_a_manifest_was_withdrawn(self, forum):
        case = executing(Outcome.DELETED, IN_ENGLISH)
        manifest_for(forum)
        stop_execution(case, APPROVER, WHY)
        propose_and_approve(case, Outcome.DELETED)
        record_receipt(Instruction.objects.open().get(), STEWARD, "Done by hand.")

        answer = moves.answer(case, APPROVER).body
        assert "It was changed by hand, and the change was checked." in answer
        assert "under way" not in answer

    def test_what_proved_impossible_can_be_refused_and_answered(self, forum):
        case = executing(Outcome.DELETED, DELETE)
        stop_execution(case, APPROVER, WHY)

        propose(case, REVIEWER)
        staff_actions.approve(case, APPROVER)
        run_due("corrections")
        moves.answer(case, APPROVER)

        assert case.state == State.ANSWERED
        instructs = Effect.objects.filter(kind="corrections.instruct")
        assert not instructs.exclude(last_error="").exists()
        assert not Instruction.objects.open().exists()

    def test_an_instruction_that_was_taken_back_takes_no_receipt(self, forum):
        case = executing(Outcome.DELETED, DELETE)
        instruction = Instruction.objects.get()
        stop_execution(case, APPROVER, WHY)

        with pytest.raises(InvalidInput, match="taken back"):
            record_receipt(instruction, STEWARD, "Done.")


class TestWithdrawnWhileCarriedOut:
    def test_the_manifest_is_made_anew_without_the_case(self, forum):
        leaving = executing(Outcome.DELETED, DELETE)
        staying = executing(Outcome.DELETED, DELETE, frozenset("b"))
        manifest = manifest_for(forum)
        assert {entry.id for entry in entries_of(manifest)} == {"a", "b"}

        correspondence.withdraw(leaving)
        run_due("corrections")

        manifest.refresh_from_db()
        assert manifest.state == Manifest.State.WITHDRAWN
        again = manifest_for(forum)
        assert {entry.id for entry in entries_of(again)} == {"b"}
        assert {entry.case_pseudonym for entry in entries_of(again)} == {str(staying.pseudonym)}

    def test_nothing_is_handed_out_or_applied_before_a_worker_has_withdrawn_it(self, forum):
        case = executing(Outcome.DELETED, DELETE)
        manifest = manifest_for(forum)
        ask_to_apply(manifest, STEWARD)

        correspondence.withdraw(case)

        apply_locally(str(manifest.pk))
        manifest.refresh_from_db()
        assert (manifest.state, manifest.result) == (Manifest.State.OPEN, None)
        with pytest.raises(Refused, match="withdrawn"):
            download_file(manifest, JSONL, STEWARD)

    def test_a_receipt_for_it_is_refused_with_what_to_do(self, forum):
        case = executing(Outcome.DELETED, DELETE)
        manifest = manifest_for(forum)
        correspondence.withdraw(case)
        run_due("corrections")

        with pytest.raises(Refused, match="tell the privacy officer"):
            take_receipt(
                manifest, STEWARD, key="one", status=PipelineAcknowledgement.Status.REFUSED
            )


def executing_by(officer) -> Case:
    """Take a case to where the outcome waits to be carried out that `officer` proposed."""
    case = executing(Outcome.DELETED, DELETE)
    stop_execution(case, APPROVER, WHY)
    staff_actions.propose_decision(
        case,
        officer,
        [ItemProposal(item, Outcome.DELETED, "It is wrong.") for item in case.items.all()],
    )
    staff_actions.approve(case, APPROVER)
    return case
