"""No word that anybody typed stands in the log: it outlives every erasure."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from tests import factories as make
from workflows.accounts import approvals
from workflows.accounts.changes import DesiredAccount, change_account, invite_person
from workflows.accounts.models import PipelineToken
from workflows.accounts.pipelines import register_pipeline
from workflows.cases import correspondence, merging, staff_actions
from workflows.cases.attachments import Upload, add_attachments
from workflows.cases.lifecycle import MOVES, Action, State
from workflows.cases.malware import record_verdict
from workflows.cases.models import Case, EventContent
from workflows.cases.transition import advance, append_case_event
from workflows.common.errors import InvalidInput
from workflows.complaints import services as complaints
from workflows.complaints.lifecycle import MOVES as COMPLAINT_MOVES
from workflows.corrections.instructions import issue_instructions, record_receipt
from workflows.corrections.item_changes import save_item_change
from workflows.corrections.withdrawal import stop_execution
from workflows.datasets.models import Dataset, Recipient, Snapshot, TrainedModel
from workflows.datasets.register import (
    decide_approval,
    mark_unreadable,
    save_dataset,
    save_model,
    save_recipient,
    save_snapshot,
)
from workflows.ledger.append import InvalidEventError
from workflows.ledger.models import Event
from workflows.lookups.services import add_spelling
from workflows.model_outputs.suppression import suppress
from workflows.notices import moves
from workflows.notices.texts import TextSlot, active_text, publish, save_draft
from workflows.retention.erasure import ErasureGround, erase, erasure_request_of, request_erasure
from workflows.vocabulary.outcomes import Scope, ScopeResult
from workflows.vocabulary.people import Assurance
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db

# Whatever is typed in these tests holds this word, and looks like a code: what keeps sentences out
# of facts lets it through, so that only the log itself shows whether it got there.
WORD = "Mustermannsdorf"

# Steps at which nobody types anything. Who adds a step to the table of moves adds it here, or to
# the cases below.
WITHOUT_WORDS = {
    "acknowledgement.sent",
    "answer.confirmed",
    "answer.sent",
    "case.accepted",
    "case.assigned",
    "case.closed",
    "case.erased",
    "case.expired",
    "case.merged",
    "clock.missed",
    "clock.reminded",
    "contact.confirmed",
    "decision.approved",
    "review.begun",
    "review.reopened",
    "triage.begun",
    "complaint.closed",
    "complaint.missed",
    "complaint.reminded",
    "complaint.taken_up",
    "complaint.withdrawn",
}


def typed(what: str) -> str:
    return f"{WORD}_{what.replace(' ', '_')}"


def leaves_with_word() -> list[str]:
    word = WORD.lower().encode()
    return [event.name for event in Event.objects.all() if word in bytes(event.leaf).lower()]


def told_case() -> Case:
    """Walk a case past every text that staff or the person can type."""
    make.register_training_data()
    case = make.make_case(State.TRIAGE, make.ERIKA, residence="GB-ENG")
    into = make.earlier_case(case, email="otto@example.de")
    merging.propose_merge(case, make.INTAKE, into, typed("alike"))
    merging.decline_merge(case, make.APPROVER, typed("not alike"))
    staff_actions.report_abuse(case, make.INTAKE, typed("a script"))
    moves.ask_information(case, make.INTAKE, typed("which account"))
    staff_actions.go_on_without_information(case, make.INTAKE, typed("no answer"))
    moves.ask_fee(case, make.REVIEWER, Decimal("12.50"), "GBP", typed("the fifth"))
    staff_actions.waive_fee(case, make.REVIEWER, typed("as a courtesy"))
    moves.ask_identity(case, make.INTAKE, typed("a doubt"), typed("a letter"))
    staff_actions.reject_identity(case, make.INTAKE, typed("unreadable"))
    moves.ask_identity(case, make.INTAKE, typed("a doubt"))
    staff_actions.accept_identity(case, make.INTAKE, Assurance.DOCUMENT, typed("a passport"))
    staff_actions.doubt_identity(case, make.OTHER_REVIEWER, typed("expired"))
    moves.ask_identity(case, make.INTAKE, typed("a doubt"))
    staff_actions.accept_identity(case, make.INTAKE, Assurance.DOCUMENT, typed("a passport"))
    staff_actions.confirm_identity(case, make.OTHER_REVIEWER, typed("the same passport"))
    advance(case, Action.BEGIN_REVIEW, make.REVIEWER)
    correspondence.write_note(case, make.REVIEWER, typed("a note"))
    correspondence.write_to_person(case, make.REVIEWER, typed("a letter"))
    moves.extend(case, make.REVIEWER, typed("it takes longer"))
    for item in case.items.all():
        found = {Scope.TRAINING_SNAPSHOT: ScopeResult.FOUND}
        staff_actions.record_finding(case, make.REVIEWER, item, typed("two records"), found)
    outcomes = {"copy": "provided", "delete": "deleted"}
    proposals = [
        staff_actions.ItemProposal(item, outcomes[item.kind], typed("the reasons"))
        for item in case.items.all()
    ]
    moves.propose_decision(case, make.REVIEWER, proposals)
    staff_actions.send_back(case, make.APPROVER, typed("say why"))
    moves.propose_decision(case, make.REVIEWER, proposals)
    staff_actions.approve(case, make.APPROVER)
    for instruction in issue_instructions(case):
        record_receipt(instruction, make.STEWARD, typed("snapshot 7"))
    suppress(case.items.last(), make.STEWARD, typed("a phrase"), test_prompt=typed("who"))
    moves.answer(case, make.APPROVER)
    advance(case, Action.CLOSE, make.REVIEWER)
    complaint = complaints.complain(case, typed("too slow"))
    complaints.acknowledge(complaint, make.INTAKE, typed("we have it"))
    complaints.take_up(complaint, make.OTHER_OFFICER)
    complaints.tell_progress(complaint, make.OTHER_OFFICER, typed("half way"))
    complaints.answer(complaint, make.OTHER_OFFICER, "upheld", typed("yes"), typed("sorry"))
    request_erasure(case, make.OFFICER, ErasureGround.PERSON_ASKED, typed("she rang"))
    return case


def test_what_is_typed_stays_with_the_case_and_goes_with_it():
    case = told_case()

    assert leaves_with_word() == []
    kept = [str(content.opening["content"]) for content in EventContent.objects.filter(case=case)]
    assert len([text for text in kept if WORD in text]) > 25
    assert erasure_request_of(case) == ("person_asked", typed("she rang"))

    erase(case, make.OTHER_OFFICER)
    assert leaves_with_word() == []
    assert not EventContent.objects.filter(case=case).exists()
    assert set(case.items.values_list("instructions__receipt", flat=True)) <= {"", None}


def test_an_erasure_has_a_ground_of_the_list():
    case = make.make_case(State.CLOSED)

    with pytest.raises(InvalidInput):
        request_erasure(case, make.OFFICER, typed("because"))
    request_erasure(case, make.OFFICER, ErasureGround.UNLAWFUL)
    assert Event.objects.get(name="erasure.requested").facts["ground"] == "unlawful"


def aside_cases() -> list[Case]:
    """Walk cases past the texts of every way that ends a request, and of every way back."""
    copy = replace(make.ERIKA, items=(make.FiledItem("copy", {}),))
    charged = {"residence": "GB-ENG"}

    answered = make.make_case(State.INFORMATION_NEEDED)
    correspondence.write_to_provider(
        answered, typed("the first"), (Upload(f"{WORD}.txt", typed("a file").encode()),)
    )
    correspondence.write_to_provider(answered, typed("one more thing"))
    correspondence.withdraw(answered, typed("no more"))

    merged = make.make_case(State.MERGED)
    merging.unmerge(merged, reasons=typed("two requests"))

    paid = make.make_case(State.FEE_NEEDED, copy, **charged)
    staff_actions.confirm_fee_paid(paid, make.INTAKE, typed("by transfer"))
    unpaid = make.fee_overdue(make.make_case(State.FEE_NEEDED, copy, **charged))
    staff_actions.go_on_unpaid(unpaid, make.REVIEWER, typed("part of it is free"))
    ended = make.fee_overdue(make.make_case(State.FEE_NEEDED, copy, **charged))
    moves.end_unpaid(ended, make.OTHER_REVIEWER, typed("not paid"))

    abuse = make.make_case(State.TRIAGE)
    staff_actions.report_abuse(abuse, make.INTAKE, typed("a script"))
    ground = abuse.lead_regime.abuse_grounds(abuse.kinds)[0].code
    moves.reject_as_abuse(abuse, make.APPROVER, typed("a thousand times"), ground)
    complaint = complaints.complain(abuse, typed("no script"))
    complaints.acknowledge(complaint, make.INTAKE)
    complaints.take_up(complaint, make.OTHER_OFFICER)
    complaints.answer(complaint, make.OTHER_OFFICER, "upheld", typed("yes"), typed("sorry"))
    staff_actions.reinstate(abuse, make.OFFICER, typed("no abuse"))

    misjudged = make.make_case(State.TRIAGE)
    make.provider(established_in=["IE"], processes_in=["CN"], offers_service_in=["*"])
    moves.change_law(misjudged, make.OFFICER, typed("we train in China, too"))

    stopped = make.granted()
    stop_execution(stopped, make.OTHER_APPROVER, typed("cannot be done"))

    contested = make.make_case(State.ANSWERED, make.ERIKA)
    complaint = complaints.contest_answer(contested, typed("overlooked"))
    assert complaint is not None
    complaints.withdraw(complaint)
    return [answered, merged, paid, unpaid, ended, abuse, misjudged, stopped, contested]


def test_no_word_of_any_step_stands_in_the_log():
    told_case()
    aside_cases()

    assert leaves_with_word() == []
    took = set(Event.objects.values_list("name", flat=True))
    steps = {move.event for move in (*MOVES.values(), *COMPLAINT_MOVES.values())}
    assert steps - WITHOUT_WORDS - took == set()


def test_what_a_case_holds_beside_its_steps_stays_out_of_the_log():
    case = make.in_review_with_proof()
    correspondence.write_note(case, make.REVIEWER, typed("a note"))
    add_spelling(case, make.REVIEWER, "name", typed("a spelling"))
    correction = case.items.get(kind="correct")
    save_item_change(correction, make.REVIEWER, [(typed("wrong"), typed("right"))], redact=False)
    attachment = add_attachments(
        case, (Upload(f"{WORD}.txt", b"text"),), from_person=True, at=case.filed_at
    ) and case.attachments.latest("pk")
    attachment.scan = attachment.Scan.WAITING
    attachment.save(update_fields=["scan"])
    record_verdict(attachment, "Own signature 名")

    assert leaves_with_word() == []
    (refused,) = Event.objects.filter(name="file.refused")
    assert refused.facts["malware"] == "Own_signature__"


def test_what_is_typed_into_the_register_stays_there():
    dataset = Dataset(name=typed("a forum"), origin=typed("a crawl"), legal_basis=typed("consent"))
    save_dataset(dataset, make.STEWARD)
    decide_approval(dataset, make.OFFICER, approve=True, ground=typed("the terms"))
    dataset.name, dataset.description = typed("another name"), typed("posts")
    save_dataset(dataset, make.STEWARD)
    decide_approval(dataset, make.OFFICER, approve=False, ground=typed("it changed"))
    snapshot = Snapshot(
        dataset=dataset,
        version=typed("first"),
        format="jsonl",
        location=f"/{WORD}.jsonl",
        id_field=WORD,
    )
    save_snapshot(snapshot, make.STEWARD)
    mark_unreadable(snapshot, "missing", WORD)
    model = TrainedModel(name=WORD, version=WORD, trained_on=date(2026, 2, 1))
    save_model(model, make.STEWARD, [snapshot])
    recipient = Recipient(
        dataset=dataset, name=WORD, email=f"{WORD}@example.org", given_on=date(2026, 1, 1)
    )
    save_recipient(recipient, make.STEWARD)
    pipeline = PipelineToken(
        name=WORD, scopes=["datasets:read"], expires_at=timezone.now() + timedelta(days=9)
    )
    register_pipeline(pipeline, make.STEWARD)
    shipped = active_text("", "clarification", "en").body
    publish(
        save_draft(TextSlot("", "clarification", "en"), f"{shipped}\n{WORD}\n", make.OFFICER, WORD),
        make.OFFICER,
    )

    assert Event.objects.count() >= 9
    assert leaves_with_word() == []


def test_what_is_typed_about_accounts_stays_there():
    boss = User.objects.create_superuser("boss", password=None)
    anna, otto = (User.objects.create_user(name) for name in ("anna", "otto"))
    for officer in (anna, otto):
        officer.groups.add(Group.objects.get_or_create(name=Role.PRIVACY_OFFICER)[0])
        officer.set_password("a rather long password")
        officer.save()
    new = User(username=f"{WORD}1", first_name=WORD, last_name=WORD, email=f"{WORD}@example.org")
    approvals.approve(invite_person(new, ["intake"], boss).pk, anna)
    new.refresh_from_db()
    wanted = DesiredAccount(
        f"{WORD}2", WORD, f"{WORD}2@example.org", is_active=False, roles=frozenset()
    )
    for request in change_account(new, wanted, boss):
        approvals.reject(request.pk, anna)

    assert {"approval.requested", "approval.granted", "roles.changed", "account.renamed"} <= set(
        Event.objects.values_list("name", flat=True)
    )
    assert leaves_with_word() == []


@pytest.mark.parametrize("facts", [{"ground": "The person asked."}, {"ground": "当事人要求"}])
def test_a_step_of_a_case_takes_no_sentence_as_a_fact(facts):
    case = make.make_case()

    with pytest.raises(InvalidEventError, match="words belong into"), transaction.atomic():
        append_case_event(case, "case.viewed", role="intake", facts=facts)
