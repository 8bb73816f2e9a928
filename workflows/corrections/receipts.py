"""Receipts: what a pipeline says that it did with a manifest, and applying one on this machine."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.errors import AttemptReused
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event
from workflows.common.errors import DomainError, InvalidEntry, Refused
from workflows.corpus.entries import EditRefused, ManifestError
from workflows.corpus.values import ReadError
from workflows.corrections.copies import clear_away, write_copy
from workflows.corrections.models import Manifest, PipelineAcknowledgement
from workflows.datasets.inventory import probe
from workflows.datasets.models import Snapshot
from workflows.datasets.problems import read_error_of, sentence
from workflows.datasets.register import save_snapshot
from workflows.datasets.sources import path_of
from workflows.ledger.canonical import canonical_json
from workflows.lookups.services import look_up_version
from workflows.outbox.long_work import advisory_lock, enqueue_task, lock_or_retry
from workflows.vault.blind_index import keyed_hashes
from workflows.vocabulary.roles import Role

CHECK = "corrections.check_manifest"
APPLY = "corrections.apply_manifest"
STEWARDS = frozenset({Role.DATA_STEWARD})
OWN_KEY = "applied-here"


def take_receipt(
    manifest: Manifest,
    actor: Actor,
    *,
    key: str,
    status: str,
    snapshot: Snapshot | None = None,
    remark: str = "",
) -> PipelineAcknowledgement:
    """Take what a pipeline did; the same receipt again changes nothing and is returned again.

    `key` names it among those of this actor. `snapshot` is the one that came out, not saved yet if
    it is to be registered. Raises `AttemptReused` when the key comes back with another content,
    `Refused`, `Refused`, `InvalidEntry`.
    """
    if not actor.roles & STEWARDS:
        raise Refused(_("Only data stewards and pipelines give receipts."))
    content, *formerly = _digests_of(status, snapshot, remark)
    with transaction.atomic():
        locked = Manifest.objects.select_for_update(of=("self",)).get(pk=manifest.pk)
        given = locked.receipts.filter(key=key, by=actor.pseudonym).first()
        if given is not None:
            known = bytes(given.content_digest or content)
            if known not in {content, *formerly} or given.status != status:
                raise AttemptReused
            return given
        if locked.state == Manifest.State.WITHDRAWN:
            raise Refused(
                _(
                    "This manifest was withdrawn, so nothing was to be changed by it. If it was"
                    " applied all the same, tell the privacy officer."
                )
            )
        if locked.state != Manifest.State.OPEN:
            raise Refused(_("This manifest has its receipt already."))
        refused = status == PipelineAcknowledgement.Status.REFUSED
        if refused != (snapshot is None):
            raise Refused(_("Say which snapshot came out, unless it was refused."))
        if snapshot is not None:
            _register(snapshot, locked, actor)
        receipt = PipelineAcknowledgement.objects.create(
            manifest=locked,
            key=key,
            content_digest=content,
            status=status,
            snapshot=snapshot,
            remark=remark[:500],
            by=actor.pseudonym,
        )
        locked.state = Manifest.State.REFUSED if refused else Manifest.State.APPLIED
        locked.result = snapshot
        locked.save(update_fields=["state", "result"])
        for case in cases_of(locked):
            append_case_event(
                case,
                "manifest.receipt",
                role=actor.role_for(STEWARDS),
                pseudonym=actor.pseudonym,
                facts={
                    "manifest": str(locked.pk),
                    "status": status,
                    **({"snapshot": snapshot.pk} if snapshot else {}),
                },
            )
        if not refused:
            enqueue_task(CHECK, str(locked.pk), about=str(locked.pk))
    manifest.refresh_from_db()
    return receipt


def _digests_of(status: str, snapshot: Snapshot | None, remark: str) -> list[bytes]:
    """Return what stands for the content of a receipt: the snapshot by id, or as it was typed.

    Under the current index key first, then under former ones.
    """
    named: Any = snapshot and (
        snapshot.pk or [snapshot.version, snapshot.format, snapshot.location]
    )
    content = {"status": status, "snapshot": named, "remark": remark}
    return keyed_hashes("manifest.receipt", canonical_json(content))


def _register(snapshot: Snapshot, manifest: Manifest, actor: Actor) -> None:
    before = manifest.snapshot
    if snapshot.pk is None:
        snapshot.dataset, snapshot.parent = before.dataset, before
        for name in ("id_field", "text_fields", "source_field"):
            setattr(snapshot, name, getattr(before, name))
        _look_at(snapshot, before)
        save_snapshot(snapshot, actor)
        return
    if snapshot.state == Snapshot.State.UNREADABLE:
        raise Refused(read_error_of(snapshot))
    if snapshot.pk == before.pk or snapshot.dataset_id != before.dataset_id:
        raise Refused(_("This is not a new snapshot of the same dataset."))
    if snapshot in before.ancestors():
        raise Refused(
            _(
                "The snapshot of this manifest was itself made from that one. Name the one that "
                "came out of the manifest."
            )
        )
    if snapshot.parent is None:
        snapshot.parent = before
        save_snapshot(snapshot, actor)
        if snapshot.is_readable:
            look_up_version(snapshot)


def _look_at(snapshot: Snapshot, before: Snapshot) -> None:
    """Refuse a location that was mistyped, while whoever typed it is still there."""
    try:
        probe(snapshot)
        old = snapshot.traits.has_files and path_of(before)
        if old and path_of(snapshot) == old:
            raise InvalidEntry({"location": [_("The old snapshot lies there. Name the new one.")]})
    except ReadError as error:
        raise InvalidEntry({"location": [sentence(error.problem, error.about)]}) from error


def cases_of(manifest: Manifest) -> list[Case]:
    """Return the cases for which something stands in a manifest."""
    cases = Case.objects.filter(items__instructions__manifests=manifest)
    return list(cases.select_related("data_key").distinct().order_by("filed_at"))


def can_be_applied_here(manifest: Manifest) -> bool:
    """Return whether this server can apply a manifest and was not asked to yet."""
    not_asked = manifest.state == Manifest.State.OPEN and not manifest.applied_by
    return not_asked and manifest.snapshot.traits.can_apply_here


def ask_to_apply(manifest: Manifest, actor: Actor) -> None:
    """Have a manifest applied on this machine, in the background. Raises `Refused`."""
    if not actor.roles & STEWARDS:
        raise Refused(_("Only data stewards apply manifests."))
    if not manifest.snapshot.traits.can_apply_here:
        raise Refused(
            _(
                "A table is changed in its own database: run changes.sql there, then enter the "
                "receipt. This server may only read it."
            )
        )
    with transaction.atomic():
        asked = Manifest.objects.filter(pk=manifest.pk, state=Manifest.State.OPEN, applied_by="")
        if not asked.update(applied_by=actor.pseudonym):
            raise Refused(_("This manifest is being applied, or has its receipt."))
        enqueue_task(APPLY, str(manifest.pk), about=str(manifest.pk))


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

    Raises `Later` while it is still being written.
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
