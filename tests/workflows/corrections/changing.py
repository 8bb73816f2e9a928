"""Takes a case from what was found in a snapshot to a manifest, as reviewers and workers do."""

from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone

from tests.factories import APPROVER, REVIEWER, STEWARD, WANG, ground_for, in_review_with_proof
from tests.judging import judge_each
from workflows.cases import staff_actions
from workflows.cases.models import Case
from workflows.cases.staff_actions import ItemProposal
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Manifest, RecipientNotice
from workflows.corrections.receipts import ask_to_apply
from workflows.datasets.models import Recipient, Snapshot
from workflows.lookups import scanning
from workflows.lookups.models import Match, ShardScan
from workflows.outbox.models import Effect
from workflows.outbox.services import drain, run_effect
from workflows.vocabulary.outcomes import Outcome

FORUM = [
    {"id": "a", "text": "王小明住在上海，电话 13800001234", "url": "https://forum.example/1"},
    {"id": "b", "text": "另一个王小明也住在上海", "url": "https://forum.example/2"},
    {"id": "c", "text": "nothing here", "url": "https://forum.example/3"},
]


def run_due(*packages: str) -> None:
    """Run the due effects of these packages alone; letters and mails stay where they are."""
    ours = Effect.objects.filter(
        state=Effect.State.PENDING, kind__regex=rf"^({'|'.join(packages)})\."
    ).order_by("due_at", "created_at")
    tried: set[UUID] = set()
    while effect := ours.filter(due_at__lte=timezone.now()).exclude(pk__in=tried).first():
        run_effect(effect.pk)
        tried.add(effect.pk)


def look_up() -> None:
    """Do what relay and worker do for the look-ups that were asked for."""
    scanning.clear_pass_cache()
    run_due("datasets", "lookups")
    for scan in ShardScan.objects.filter(state=ShardScan.State.WAITING):
        scanning.scan_shard(scan.pk)
    carried = Effect.objects.filter(state=Effect.State.PENDING, kind=scanning.CARRY)
    for pk in carried.order_by("created_at").values_list("pk", flat=True):
        run_effect(pk)


def judge_all(case: Case, theirs: set[str]) -> None:
    """Judge what was found: the records named are about the person, the others are not."""
    matches = list(case.matches.all())
    for verdict, wanted in [
        (Match.Verdict.THEIRS, [m.pk for m in matches if m.record in theirs]),
        (Match.Verdict.NOT_THEIRS, [m.pk for m in matches if m.record not in theirs]),
    ]:
        judge_each(case, wanted, verdict)


def executing(
    outcome: str | dict[str, str],
    request=WANG,
    theirs: frozenset[str] = frozenset("a"),
    explanation: str = "",
) -> Case:
    """Take a case to where approved outcomes wait to be carried out in the data.

    One outcome for all items, or one for each kind of item.
    """
    case = in_review_with_proof(request)
    look_up()
    judge_all(case, set(theirs))
    return propose_and_approve(case, outcome, explanation)


def propose_and_approve(case: Case, outcome: str | dict[str, str], explanation: str = "") -> Case:
    """Take a case that was judged to where its outcomes wait to be carried out.

    Where places are left to be judged, or none is theirs, it is approved with an explanation.
    """
    proposals = [
        ItemProposal(
            item,
            outcome if isinstance(outcome, str) else outcome[item.kind],
            "The record was wrong.",
            ground_for(item, outcome if isinstance(outcome, str) else outcome[item.kind]),
            retraining_on=timezone.localdate() + timedelta(days=100),
        )
        for item in case.items.all()
    ]
    staff_actions.propose_decision(case, REVIEWER, proposals)
    staff_actions.approve(case, APPROVER, explanation)
    run_due("datasets", "lookups", "corrections")
    return case


def manifest_for(snapshot: Snapshot) -> Manifest:
    """Make the manifest that waits to be made."""
    manifest = build_manifest(snapshot.pk)
    assert manifest is not None
    return manifest


def told(snapshot: Snapshot, **recipient: object) -> RecipientNotice:
    """Have a correction carried out in a snapshot that was passed on, and its recipient told."""
    fields = {"name": "Lab", "email": "data@lab.example", "given_on": date(2026, 1, 1)}
    Recipient.objects.create(dataset=snapshot.dataset, **{**fields, **recipient})
    executing(Outcome.CORRECTED)
    manifest = manifest_for(snapshot)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    drain()
    return RecipientNotice.objects.get()
