"""What follows an approval: instructions, manifests, applying them, looking what is left."""

from django.core.mail import EmailMessage

from workflows.cases.effects import case_of
from workflows.cases.staff_actions import approval_check
from workflows.corrections.carrying import carry_verdicts
from workflows.corrections.instructions import issue_instructions
from workflows.corrections.manifests import (
    MAKE,
    abandon_verification,
    ask_for_manifests,
    needs_manifest,
)
from workflows.corrections.models import Manifest, RecipientNotice, Reingestion
from workflows.corrections.proposed_change import check_approval
from workflows.corrections.receipts import APPLY, CHECK
from workflows.corrections.recipient_mail import mail_recipient
from workflows.corrections.recipients import TELL, mailed
from workflows.corrections.reingestion import AGAIN, abandon_redo_removal
from workflows.corrections.tombstones import (
    GUARD,
    GUARD_AGAIN,
    request_reingestion_scans,
    reset_reingestion_scan,
)
from workflows.corrections.withdrawal import take_back
from workflows.datasets.models import Snapshot
from workflows.lookups.services import CARRY
from workflows.outbox.by_name import by_name
from workflows.outbox.long_work import abandon_silently, enqueue_task, long_work
from workflows.outbox.models import Effect
from workflows.outbox.periodic import periodic
from workflows.outbox.services import effect_handler, mail_handler

# A worker may die with the task; a manifest that cannot be made is not tried for half a day.
_TRIES = 3

approval_check(check_approval)


@effect_handler("corrections.instruct")
def instruct(effect: Effect) -> None:
    """Issue the instructions of a case that was just approved, and have their manifests made."""
    case = case_of(effect)
    if issue_instructions(case):
        ask_for_manifests(case)


@effect_handler("corrections.take_back")
def take_back_open(effect: Effect) -> None:
    """Take back what is not carried out yet of a case that was withdrawn or sent back."""
    take_back(case_of(effect))


@effect_handler(CARRY)
def carry(effect: Effect) -> None:
    """Carry verdicts over to a version that was just searched, and have manifests made for it."""
    for case in carry_verdicts(effect.payload["id"]):
        ask_for_manifests(case)


@long_work(
    MAKE,
    "workflows.corrections.manifest_builder.build_manifest",
    give_up=abandon_silently,
    turns=_TRIES,
)
def is_manifest_needed(snapshot_id: str) -> bool:
    """Return whether a manifest is to be made; what does not fit waits for another look-up."""
    return needs_manifest(snapshot_id)


@long_work(
    APPLY,
    "workflows.corrections.manifest_application.apply_locally",
    give_up=by_name("workflows.corrections.manifest_application.abandon_applying"),
    # Of one that was withdrawn, or has another's receipt by now, nothing that was written stays.
    ended=by_name("workflows.corrections.manifest_application.clear_up"),
)
def is_unapplied(manifest_id: str) -> bool:
    """Return whether a manifest has no receipt yet, not even a refusal."""
    return Manifest.objects.filter(pk=manifest_id, state=Manifest.State.OPEN).exists()


@long_work(
    CHECK,
    "workflows.corrections.manifest_verification.verify_manifest",
    give_up=abandon_verification,
)
def is_unverified(manifest_id: str) -> bool:
    """Return whether the re-scan of a manifest is still to be made."""
    return Manifest.objects.filter(pk=manifest_id, state=Manifest.State.APPLIED).exists()


def _prepare_guarding(snapshot_id: str, turn: int) -> None:
    """Have a snapshot that was just read re-scanned, if it came out of a manifest."""
    applied = Manifest.objects.filter(result=int(snapshot_id), state=Manifest.State.APPLIED)
    for pk in applied.values_list("pk", flat=True):
        enqueue_task(CHECK, str(pk), about=f"{pk}:read")
    if turn == 1:
        reset_reingestion_scan(int(snapshot_id))


# Given up, it fails: staff are to see that nobody has looked.
@long_work(
    GUARD,
    "workflows.corrections.redo_removal.find_reingested",
    prepare=_prepare_guarding,
    give_up=None,
)
def is_unguarded(snapshot_id: str) -> bool:
    """Return whether tombstones are still to be looked for in a snapshot."""
    snapshots = Snapshot.objects.filter(pk=snapshot_id, guarded=None)
    return snapshots.exclude(state=Snapshot.State.PURGED).exists()


@effect_handler(GUARD_AGAIN)
def guard_once_more(effect: Effect) -> None:
    """Have guarded again what was registered before the tombstones of a manifest stood."""
    request_reingestion_scans(
        Manifest.objects.select_related("result").get(pk=effect.payload["id"])
    )


@long_work(AGAIN, "workflows.corrections.redo_removal.redo_removal", give_up=abandon_redo_removal)
def is_to_be_redone(return_id: str) -> bool:
    """Return whether the manifest of what came back has neither been made nor refused yet."""
    asked = Reingestion.objects.filter(pk=return_id, resolved_at=None, manifest=None)
    return asked.exclude(asked_at=None).exists()


def _mailed(effect: Effect, sent: bool) -> None:  # noqa: FBT001 - called by the outbox
    if sent:
        mailed(_notice_of(effect))


@mail_handler(TELL, then=_mailed)
def recipient_mail(effect: Effect) -> EmailMessage | None:
    """Tell a recipient of data what was changed, or ask once more for the confirmation."""
    return mail_recipient(_notice_of(effect), effect)


def _notice_of(effect: Effect) -> RecipientNotice:
    """Return the notice of an effect, locked."""
    notices = RecipientNotice.objects.select_for_update(of=("self",))
    return notices.select_related(
        "recipient", "manifest__data_key", "manifest__snapshot__dataset"
    ).get(pk=effect.payload["id"])


periodic("sweep-challenges", "recipients", "workflows.corrections.recipients.sweep_recipients")
periodic(
    "sweep-manifests",
    "instructions completed",
    "workflows.corrections.carried_out.complete_verified",
)
periodic(
    "sweep-manifests", "families of snapshots", "workflows.corrections.manifests.sweep_manifests"
)
