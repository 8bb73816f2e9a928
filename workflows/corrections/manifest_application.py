"""Applying a manifest on this machine, and what becomes of it when that never ends."""

from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.common.errors import DomainError, InvalidEntry
from workflows.corpus.entries import EditRefused, ManifestError
from workflows.corpus.values import ReadError
from workflows.corrections.copies import clear_away, write_copy
from workflows.corrections.models import Manifest, PipelineAcknowledgement
from workflows.corrections.receipts import APPLY, OWN_KEY, STEWARDS, take_receipt
from workflows.outbox.long_work import advisory_lock, lock_or_retry


def apply_locally(manifest_id: str) -> None:
    """Write the new snapshot beside the old one and give the receipt, unless another process does.

    A manifest that does not fit is refused; nothing is left behind then.
    """
    with advisory_lock(APPLY, manifest_id) as free:
        manifest = Manifest.objects.filter(pk=manifest_id, state=Manifest.State.OPEN).first()
        # One that was taken back is withdrawn in a moment.
        if not free or manifest is None or not manifest.applied_by or not manifest.is_current:
            return
        actor = Actor(STEWARDS, manifest.applied_by)
        try:
            new = write_copy(manifest)
            take_receipt(
                manifest,
                actor,
                key=OWN_KEY,
                status=PipelineAcknowledgement.Status.APPLIED,
                snapshot=new,
            )
        except (EditRefused, ManifestError, ReadError, DomainError) as error:
            clear_away(manifest)
            manifest.refresh_from_db(fields=["state"])
            if manifest.state == Manifest.State.OPEN:
                _refuse(manifest, actor, _why(error))


def _why(error: Exception) -> str:
    if isinstance(error, InvalidEntry):
        return " ".join(sentence for found in error.errors.values() for sentence in found)
    return str(error)


def _refuse(manifest: Manifest, actor: Actor, remark: str) -> None:
    take_receipt(
        manifest, actor, key=OWN_KEY, status=PipelineAcknowledgement.Status.REFUSED, remark=remark
    )


def clear_up(manifest_id: str) -> None:
    """Delete what was written for a manifest that has ended another way, unless it is registered.

    Raises `RetryAt` while it is still being written.
    """
    lock_or_retry(APPLY, manifest_id)
    clear_away(Manifest.objects.select_related("snapshot").get(pk=manifest_id))


def abandon_applying(manifest_id: str) -> None:
    """Refuse a manifest whose application never came to an end, so that another can be made."""
    lock_or_retry(APPLY, manifest_id)
    manifest = Manifest.objects.get(pk=manifest_id)
    _refuse(
        manifest,
        Actor(STEWARDS, manifest.applied_by),
        _(
            "Applying it was tried many times and never came to an end. Nothing was changed. "
            "Look into the log of the workers; a large snapshot may need a higher "
            "LONG_TASK_TIME_LIMIT."
        ),
    )
    clear_away(manifest)
