"""Makes cases for tests, through the services that the interfaces use, and takes them to a state."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from workflows.accounts.actors import PUBLIC, SYSTEM, Actor
from workflows.cases import correspondence, merging, staff_actions
from workflows.cases.attachments import Upload
from workflows.cases.decision_rules import grounds_under, laws_of
from workflows.cases.filing import FilingResult, file_request
from workflows.cases.filing_request import (
    FiledIdentifier,
    FiledItem,
    FilingRequest,
    request_from_content,
)
from workflows.cases.lifecycle import Action, State
from workflows.cases.malware import record_verdict
from workflows.cases.models import Attachment, Case, Item
from workflows.cases.staff_actions import ItemProposal
from workflows.cases.transition import advance
from workflows.corrections.instructions import issue_instructions, record_receipt
from workflows.datasets.models import Dataset
from workflows.notices import moves
from workflows.regimes.applicability import ProviderProfile
from workflows.regimes.models import ProviderProfileVersion
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult
from workflows.vocabulary.people import Assurance
from workflows.vocabulary.roles import Role

# Invented people; no such addresses or numbers exist.
WANG = FilingRequest(
    items=(
        FiledItem(
            "correct",
            {
                "statement": "模型说我住在上海。",
                "claimed": "住在上海",
                "correct": "住在杭州",
                "where_seen": "聊天回答",
            },
        ),
    ),
    residence="CN",
    language="zh-hans",
    subject_name="王小明",
    identifiers=(
        FiledIdentifier("email", "xiaoming.wang@example.cn"),
        FiledIdentifier("phone", "+86 138 0000 1234"),
    ),
    email="xiaoming.wang@example.cn",
    service="示例助手",
)
ERIKA = FilingRequest(
    items=(
        FiledItem("copy", {"statement": "Everything you hold about me."}),
        FiledItem("delete", {"statement": "Delete my forum posts."}),
    ),
    residence="DE-BE",
    language="en",
    subject_name="Erika Beispiel",
    identifiers=(FiledIdentifier("handle", "@erika_b"),),
    email="erika@example.de",
)

# The answers that tell what the register says of the data.
_TELL_OF_DATA = frozenset({"access_answer", "explanation_answer"})

INTAKE = Actor(frozenset({Role.INTAKE}), "staff-intake")
REVIEWER = Actor(frozenset({Role.REVIEWER}), "staff-reviewer")
OTHER_REVIEWER = Actor(frozenset({Role.REVIEWER}), "staff-reviewer-2")
APPROVER = Actor(frozenset({Role.APPROVER}), "staff-approver")
OTHER_APPROVER = Actor(frozenset({Role.APPROVER}), "staff-approver-2")
STEWARD = Actor(frozenset({Role.DATA_STEWARD}), "staff-steward")
OFFICER = Actor(frozenset({Role.PRIVACY_OFFICER}), "staff-officer")
OTHER_OFFICER = Actor(frozenset({Role.PRIVACY_OFFICER}), "staff-officer-2")


def provider(**facts: object) -> ProviderProfileVersion:
    """Set the profile of the provider: lists of places by name, `answers` by question."""
    profile = ProviderProfile.from_dict(facts).to_dict()
    return ProviderProfileVersion.objects.create(
        profile=profile,
        office="Invented & Partners",
        answered_on=timezone.localdate(),
        set_by=OFFICER.pseudonym,
    )


def file(
    request: FilingRequest = WANG,
    *,
    uploads: tuple[Upload, ...] = (),
    at: datetime | None = None,
    **changes: object,
) -> FilingResult:
    """File a request; keyword arguments replace fields of it."""
    return file_request(
        replace(request, **changes), attempt=secrets.token_hex(8), uploads=uploads, at=at
    )


def make_case(state: State = State.FILED, request: FilingRequest = WANG, **changes: object) -> Case:
    """Make a case and walk it to `state` by the moves that people take.

    Chinese law charges for transfers alone, so who is to be asked for a fee lives in Berlin.
    """
    if state == State.FEE_NEEDED:
        changes = {"residence": "DE-BE", **changes}
    case = file(request, **changes).case
    walk(case, state)
    return case


def fee_overdue(case: Case) -> Case:
    """Move the last day to pay the fee of a case into the past, as the passing of time does."""
    case.fee_due_on = timezone.localdate() - timedelta(days=2)
    case.save(update_fields=["fee_due_on"])
    return case


def send_malware(case: Case, words: str = "Look at this.") -> None:
    """Send a file with the case in which the scanner then finds malware."""
    upload = Upload(f"{words}.txt", words.encode())
    correspondence.write_to_provider(case, words, (upload,))
    sent = case.attachments.filter(from_person=True)
    sent.update(scan=Attachment.Scan.WAITING)
    record_verdict(sent.get(), "Eicar-Test-Signature")


def ground_for(item: Item, outcome: str) -> str:
    """Return the first ground of the leading law that fits an item and its outcome."""
    law = laws_of(item.case, item.kind)[0]
    grounds = grounds_under(law, item.kind, outcome)
    return grounds[0].code if grounds else ""


def other_grounds_for(item: Item, outcome: str) -> dict[str, str]:
    """Return the first ground of each other law that grants an item."""
    laws = laws_of(item.case, item.kind)
    return {
        law.code: grounds_under(law, item.kind, outcome)[0].code
        for law in laws
        if law.code != item.case.regime
    }


def propose(case: Case, actor: Actor = REVIEWER, outcome: str = Outcome.REFUSED) -> None:
    """Propose one outcome for every item; refused with the first ground that fits.

    What is not refused was searched for before, and in California all is.
    """
    denied_with_facts = "US-CA" in case.regimes
    searched = case.items.exclude(scopes={}).exists()
    if not searched and (outcome != Outcome.REFUSED or denied_with_facts):
        _find(case)
    moves.propose_decision(
        case,
        actor,
        [
            ItemProposal(
                item,
                outcome,
                "Because of the facts of this case.",
                ground_for(item, outcome),
                instead_because="The source is gone.",
                other_grounds=other_grounds_for(item, outcome),
            )
            for item in case.items.all()
        ],
    )


def _confirm(case: Case) -> None:
    advance(case, Action.CONFIRM_CONTACT, PUBLIC)


def _triage(case: Case) -> None:
    advance(case, Action.BEGIN_TRIAGE, INTAKE)


def _prove(case: Case) -> None:
    moves.ask_identity(case, INTAKE, "Please show who you are.")
    staff_actions.accept_identity(case, INTAKE, Assurance.DOCUMENT, "Checked a document.")
    staff_actions.confirm_identity(case, OTHER_REVIEWER, "Checked it once more.")


def _review(case: Case) -> None:
    advance(case, Action.BEGIN_REVIEW, REVIEWER)


def register_training_data() -> Dataset:
    """Return a dataset of which the register says all that people are told; made once."""
    told = {
        "origin": "Collected from the invented site pages.example.",
        "types": "Forum posts",
        "purposes": "Training of language models",
        "legal_basis": "Legitimate interests",
        "disclosed_to": "Nobody else receives it.",
        "transfers": "It goes to no other country.",
        "retention": "Two years after training",
    }
    dataset, _made = Dataset.objects.get_or_create(name="Invented posts", defaults=told)
    return dataset


def _find(case: Case) -> None:
    """Find every item in the training data; an answer about it needs what the register says."""
    if any(ItemKind(kind).definition.notice in _TELL_OF_DATA for kind in case.kinds):
        register_training_data()
    for item in case.items.all():
        staff_actions.record_finding(
            case,
            REVIEWER,
            item,
            "Two records were found.",
            {Scope.TRAINING_SNAPSHOT: ScopeResult.FOUND},
            verification="A register shows the same.",
        )


def _approve(case: Case) -> None:
    staff_actions.approve(case, APPROVER)


def _answer(case: Case) -> None:
    for instruction in issue_instructions(case):
        record_receipt(instruction, STEWARD, "Snapshot 2026-11, checked by a search.")
    moves.answer(case, APPROVER)


def answer_again(case: Case) -> None:
    """Decide and answer a contested case anew, by people who had no part in the first decision."""
    advance(case, Action.REOPEN, OTHER_REVIEWER)
    propose(case, OTHER_REVIEWER)
    staff_actions.approve(case, OFFICER)
    moves.answer(case, OFFICER)


# The straight way of a case; each step is one or more moves of the table.
_STRAIGHT = (
    (State.RECEIVED, _confirm),
    (State.TRIAGE, _triage),
    (State.IN_REVIEW, _review),
    (State.DECISION_PROPOSED, propose),
    (State.EXECUTING, _approve),
    (State.ANSWERED, _answer),
)


def earlier_case(case: Case, state: State = State.RECEIVED, **changes: object) -> Case:
    """Make a case with the same request, filed a minute before; its address is confirmed, too."""
    content = case.contents.get(name="request").opening["content"]
    changes = {"at": case.filed_at - timedelta(minutes=1), **changes}
    return make_case(state, request_from_content(content), **changes)


def _reject_as_abuse(case: Case) -> None:
    staff_actions.report_abuse(case, INTAKE, "The same text a thousand times.")
    grounds = {
        law.code: fitting[0].code for law in case.laws if (fitting := law.abuse_grounds(case.kinds))
    }
    moves.reject_as_abuse(
        case,
        APPROVER,
        "Filed a thousand times by a script.",
        grounds.pop(case.regime, ""),
        grounds,
    )


# The ways aside: from which state, and by what step.
_ASIDE = {
    State.EXPIRED: (State.FILED, lambda case: advance(case, Action.EXPIRE, SYSTEM)),
    State.WITHDRAWN: (State.FILED, correspondence.withdraw),
    State.IDENTITY_NEEDED: (
        State.TRIAGE,
        lambda case: moves.ask_identity(case, INTAKE, "Please show who you are."),
    ),
    State.INFORMATION_NEEDED: (
        State.TRIAGE,
        lambda case: moves.ask_information(case, INTAKE, "Which account do you mean?"),
    ),
    State.FEE_NEEDED: (
        State.TRIAGE,
        lambda case: moves.ask_fee(
            case, REVIEWER, Decimal("12.50"), "EUR", "The fifth transfer this month."
        ),
    ),
    State.MERGED: (
        State.RECEIVED,
        lambda case: merging.merge_duplicate(case, INTAKE, earlier_case(case)),
    ),
    State.REJECTED_AS_ABUSE: (State.FILED, _reject_as_abuse),
    State.CLOSED: (State.ANSWERED, lambda case: advance(case, Action.CLOSE, REVIEWER)),
    State.CONTESTED: (
        State.ANSWERED,
        lambda case: correspondence.contest(case, "You overlooked the second dataset."),
    ),
}


def walk(case: Case, state: State) -> None:
    """Take a newly filed case to `state`."""
    if state == State.FILED:
        return
    if state in _ASIDE:
        before, step = _ASIDE[state]
        walk(case, before)
        step(case)
        return
    for reached, step in _STRAIGHT:
        step(case)
        if reached == state:
            return


def walk_on(case: Case, state: State) -> None:
    """Take a case in triage to `state`."""
    last = next((before for end, (before, _step) in _ASIDE.items() if end == state), state)
    for reached, step in _STRAIGHT[2:]:
        step(case)
        if reached == last:
            break
    if state in _ASIDE:
        _ASIDE[state][1](case)


def in_review_with_proof(request: FilingRequest = WANG) -> Case:
    """Make a case in review whose requester has proved who they are."""
    case = make_case(State.TRIAGE, request)
    _prove(case)
    _review(case)
    _find(case)
    return case


def granted(request: FilingRequest = WANG, outcome: str = Outcome.CORRECTED) -> Case:
    """Make a case that is approved to grant every item with one outcome."""
    case = in_review_with_proof(request)
    moves.propose_decision(
        case,
        REVIEWER,
        [
            ItemProposal(
                item,
                outcome,
                "The record was wrong.",
                ground_for(item, outcome),
                retraining_on=timezone.localdate() + timedelta(days=100),
                instead_because="The source is gone.",
                other_grounds=other_grounds_for(item, outcome),
            )
            for item in case.items.all()
        ],
    )
    _approve(case)
    return case
