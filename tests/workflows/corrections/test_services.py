"""Instructions to the data pipelines and the receipts that let an answer go out."""

from datetime import timedelta

import pytest

from tests.factories import (
    APPROVER,
    ERIKA,
    OFFICER,
    REVIEWER,
    STEWARD,
    WANG,
    granted,
    in_review_with_proof,
    make_case,
)
from tests.threads import at_once
from workflows.cases import staff_actions
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import State
from workflows.cases.staff_actions import ItemProposal
from workflows.common.errors import InvalidInput
from workflows.corrections.instructions import OPERATIONS, issue_instructions, record_receipt
from workflows.corrections.models import Instruction
from workflows.ledger.canonical import commit
from workflows.ledger.models import Event
from workflows.model_outputs.suppression import suppress
from workflows.notices import moves
from workflows.outbox.services import drain
from workflows.vocabulary.outcomes import CHANGES_DATA, Outcome

pytestmark = pytest.mark.django_db

APPLIED = "Snapshot 2026-11, checked by a search."


def test_each_outcome_that_changes_data_has_its_operation():
    assert set(OPERATIONS) == set(CHANGES_DATA)


@pytest.mark.parametrize(
    ("request_", "outcome", "operation"),
    [
        (WANG, Outcome.CORRECTED, "replace"),
        (WANG, Outcome.DELETED, "delete"),
    ],
)
def test_an_approval_issues_what_the_outcome_asks_for(request_, outcome, operation):
    case = granted(request_, outcome)
    drain()

    (instruction,) = Instruction.objects.all()
    assert instruction.item == case.items.get()
    assert instruction.operation == operation
    assert instruction.applied_at is None


@pytest.mark.parametrize(
    "outcome", [Outcome.SUPPRESSED_IN_OUTPUT, Outcome.QUEUED_FOR_RETRAINING, Outcome.REFUSED]
)
def test_what_changes_no_data_asks_for_nothing_and_can_be_answered(outcome):
    case = in_review_with_proof()
    ground = next(iter(case.lead_regime.grounds))
    item = case.items.get()
    retraining = case.filed_at.date() + timedelta(days=40)
    moves.propose_decision(
        case, REVIEWER, [ItemProposal(item, outcome, "Because.", ground, retraining)]
    )
    staff_actions.approve(case, APPROVER)
    drain()

    assert not Instruction.objects.exists()
    if outcome == Outcome.SUPPRESSED_IN_OUTPUT:
        suppress(item, STEWARD, "王小明住在上海")
    moves.answer(case, APPROVER)


def test_issued_again_nothing_is_added():
    case = granted()

    assert issue_instructions(case) == issue_instructions(case)
    assert Instruction.objects.count() == 1


def test_nothing_is_issued_in_another_state():
    assert issue_instructions(make_case(State.TRIAGE)) == []


def test_a_receipt_completes_the_item_and_stands_in_the_log():
    case = granted()
    (instruction,) = issue_instructions(case)

    record_receipt(instruction, STEWARD, f"  {APPLIED} ")

    instruction.refresh_from_db()
    assert (instruction.receipt, instruction.applied_at is not None) == (APPLIED, True)
    assert case.items.get().executed
    event = Event.objects.get(name="instruction.applied")
    assert event.at == instruction.applied_at
    assert "receipt" not in event.facts
    opening = case.contents.get(event=event.uid, name="receipt").opening
    assert opening["content"] == APPLIED
    assert event.commitments == {"receipt": commit(APPLIED, bytes.fromhex(opening["nonce"]))}
    assert event.actor == STEWARD.pseudonym


def test_the_answer_waits_for_the_last_item():
    case = in_review_with_proof(ERIKA)
    copy, delete = case.items.all()
    moves.propose_decision(
        case,
        REVIEWER,
        [
            ItemProposal(copy, Outcome.PROVIDED, "Here."),
            ItemProposal(delete, Outcome.DELETED, "Done."),
        ],
    )
    staff_actions.approve(case, APPROVER)
    (instruction,) = issue_instructions(case)

    with pytest.raises(MoveRefused) as refused:
        moves.answer(case, APPROVER)
    assert refused.value.reason == "not_executed"
    record_receipt(instruction, STEWARD, APPLIED)
    moves.answer(case, APPROVER)


def test_an_item_with_two_instructions_needs_both_receipts():
    case = granted()
    (first,) = issue_instructions(case)
    second = Instruction.objects.create(
        item=first.item, operation=Instruction.Operation.DELETE, issued_at=first.issued_at
    )

    record_receipt(first, STEWARD, APPLIED)
    assert not case.items.get().executed
    record_receipt(second, OFFICER, APPLIED)
    assert case.items.get().executed


@pytest.mark.parametrize("receipt", ["", "  ", "x" * 501, "\ud83d", "a\x00b"])
def test_a_receipt_that_is_none_is_refused(receipt):
    (instruction,) = issue_instructions(granted())

    with pytest.raises(InvalidInput):
        record_receipt(instruction, STEWARD, receipt)
    assert Instruction.objects.get().applied_at is None


def test_a_receipt_is_given_once():
    (instruction,) = issue_instructions(granted())
    record_receipt(instruction, STEWARD, APPLIED)

    with pytest.raises(InvalidInput):
        record_receipt(instruction, STEWARD, "Another one.")
    assert Instruction.objects.get().receipt == APPLIED


@pytest.mark.django_db(transaction=True)
def test_two_receipts_at_once_are_one():
    (instruction,) = issue_instructions(granted())

    results = at_once(*[lambda: record_receipt(instruction, STEWARD, APPLIED)] * 2)

    assert sorted(isinstance(result, InvalidInput) for result in results) == [False, True]
    assert Event.objects.filter(name="instruction.applied").count() == 1


@pytest.mark.parametrize("actor", [REVIEWER, APPROVER])
def test_who_decides_does_not_carry_out(actor):
    (instruction,) = issue_instructions(granted())

    with pytest.raises(MoveRefused):
        record_receipt(instruction, actor, APPLIED)
    assert Instruction.objects.get().applied_at is None
