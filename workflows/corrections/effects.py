"""What follows an approval: instructions, manifests, applying them, looking what is left."""

from django.core.mail import EmailMessage

from workflows.cases.effects import case_of
from workflows.corrections.carrying import carry_verdicts
from workflows.corrections.manifest_application import abandon_applying, clear_up
from workflows.corrections.manifests import (
    MAKE,
    abandon_verification,
    ask_for_manifests,
    needs_manifest,
)
from workflows.corrections.models import Manifest, RecipientNotice, Reingestion
from workflows.corrections.receipts import APPLY, CHECK
from workflows.corrections.recipients import TELL, mailed
from workflows.corrections.returns import AGAIN, abandon_redo_removal
from workflows.corrections.services import issue_instructions
from workflows.corrections.telling import mail_recipient
from workflows.corrections.tombstones import GUARD, GUARD_AGAIN, forget_guarding, guard_again
from workflows.corrections.withdrawal import take_back
from workflows.datasets.models import Snapshot
from workflows.lookups.services import CARRY
from workflows.outbox.long_work import enqueue_task, send_and_recheck, send_or_dead_letter
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler, mail_handler

# A worker may die with the task; a manifest that cannot be made is not tried for half a day.
_TRIES = 3


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


@effect_handler(MAKE)
def make(effect: Effect) -> None:
    """Send the task that makes a manifest; what does not fit waits for another look-up."""
    if effect.payload["turn"] <= _TRIES and needs_manifest(effect.payload["id"]):
        send_and_recheck(effect, "workflows.tasks.make_manifest")


@effect_handler(APPLY)
def apply(effect: Effect) -> None:
    """Send the task that applies a manifest, until it has its receipt, if only a refusal.

    Of one that was withdrawn, or has another's receipt by now, nothing that was written stays.
    """
    waiting = Manifest.objects.filter(pk=effect.payload["id"], state=Manifest.State.OPEN)
    if not waiting.exists():
        clear_up(effect.payload["id"])
    elif not send_and_recheck(effect, "workflows.tasks.apply_manifest"):
        abandon_applying(effect.payload["id"])


@effect_handler(CHECK)
def check(effect: Effect) -> None:
    """Send the task that re-scans, until it has or is given up."""
    waiting = Manifest.objects.filter(pk=effect.payload["id"], state=Manifest.State.APPLIED)
    if waiting.exists() and not send_and_recheck(effect, "workflows.tasks.check_manifest"):
        abandon_verification(effect.payload["id"])


@effect_handler(GUARD)
def guard(effect: Effect) -> None:
    """Send the task that looks for tombstones in a snapshot, until it has.

    The snapshot was just read: if it came out of a manifest, it can be re-scanned now.
    """
    applied = Manifest.objects.filter(
        result=effect.payload["id"], state=Manifest.State.APPLIED
    ).values_list("pk", flat=True)
    for pk in applied:
        enqueue_task(CHECK, str(pk), about=f"{pk}:read")
    if effect.payload["turn"] == 1:
        forget_guarding(int(effect.payload["id"]))
    snapshots = Snapshot.objects.filter(pk=effect.payload["id"], guarded=None)
    if snapshots.exclude(state=Snapshot.State.PURGED).exists():
        send_or_dead_letter(effect, "workflows.tasks.guard_snapshot")


@effect_handler(GUARD_AGAIN)
def guard_once_more(effect: Effect) -> None:
    """Have guarded again what was registered before the tombstones of a manifest stood."""
    guard_again(Manifest.objects.select_related("result").get(pk=effect.payload["id"]))


@effect_handler(AGAIN)
def take_out_again(effect: Effect) -> None:
    """Send the task that makes a manifest of what came back, until it has or has said why not."""
    asked = Reingestion.objects.filter(pk=effect.payload["id"], resolved_at=None, manifest=None)
    waiting = asked.exclude(asked_at=None)
    if waiting.exists() and not send_and_recheck(effect, "workflows.tasks.take_out_again"):
        abandon_redo_removal(effect.payload["id"])


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
