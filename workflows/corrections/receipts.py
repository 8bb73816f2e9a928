"""Receipts: what a pipeline says that it did with a manifest; asking to have one applied here."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.errors import AttemptReused
from workflows.common.errors import Refused
from workflows.common.state_machine import Refusal
from workflows.corrections.lifecycle import MOVES, Action, Situation, State
from workflows.corrections.models import Manifest, PipelineAcknowledgement
from workflows.corrections.transition import (
    ManifestRefused,
    advance,
    lock_manifest,
    require_allowed,
)
from workflows.datasets.models import Snapshot
from workflows.datasets.read_errors import read_error_of
from workflows.datasets.register import save_snapshot
from workflows.ledger.canonical import canonical_json
from workflows.lookups.services import look_up_version
from workflows.outbox.by_name import by_name
from workflows.outbox.long_work import enqueue_task
from workflows.vault.blind_index import keyed_hashes
from workflows.vocabulary.roles import Role

CHECK = "corrections.check_manifest"
APPLY = "corrections.apply_manifest"
STEWARDS = frozenset({Role.DATA_STEWARD})
OWN_KEY = "applied-here"

_check_location = by_name("workflows.datasets.inventory.check_location")


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
    `Refused`, `InvalidEntry`.
    """
    refused = status == PipelineAcknowledgement.Status.REFUSED
    action = Action.REFUSE if refused else Action.ACKNOWLEDGE
    if not actor.roles & MOVES[action].roles:
        raise ManifestRefused(action, Refusal.WRONG_ROLE, State(manifest.state))
    situation = Situation(names_result=snapshot is not None)
    content, *formerly = _digests_of(status, snapshot, remark)
    with transaction.atomic():
        locked = lock_manifest(manifest)
        given = locked.receipts.filter(key=key, by=actor.pseudonym).first()
        if given is not None:
            known = bytes(given.content_digest or content)
            if known not in {content, *formerly} or given.status != status:
                raise AttemptReused
            return given
        require_allowed(locked, action, actor, situation)
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
        advance(
            locked,
            action,
            actor,
            situation=situation,
            facts={"status": status, **({"snapshot": snapshot.pk} if snapshot else {})},
            result=snapshot,
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
        _check_location(snapshot, before)
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
