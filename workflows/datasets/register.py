"""Keeping the register: each entry is checked, written and told to the log in one transaction.

The log names entries by their ids and says which fields changed; names and other words that were
typed stand in the register alone.

Data stewards write. A privacy officer approves a source or withdraws the approval, and never one
that they entered themselves.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import OFFICERS, STEWARDS, Actor, require_role
from workflows.common.errors import InvalidEntry, Refused
from workflows.common.inputs import require_text
from workflows.datasets.models import Dataset, Recipient, Snapshot, TrainedModel
from workflows.ledger.append import append
from workflows.ledger.canonical import commit, new_nonce
from workflows.outbox.long_work import enqueue_task
from workflows.vocabulary.roles import Role

# What an approval rests on: when one of these changes, the source waits for approval again.
GROUNDS_OF_APPROVAL = ("origin", "legal_basis", "licence", "scope")
# What a snapshot is: never changed once it has been read.
CONTENT_OF_SNAPSHOT = ("dataset", "format", "location", "id_field", "text_fields", "source_field")

READ = "datasets.read_snapshot"
UNREAD = (Snapshot.State.WAITING, Snapshot.State.READING)

_APPROVAL = ("approval", "approval_by", "approval_at", "approval_ground", "approval_nonce")

RegisterEntry = TypeVar("RegisterEntry", bound=models.Model)

logger = logging.getLogger(__name__)


@transaction.atomic
def save_dataset(dataset: Dataset, actor: Actor) -> Dataset:
    """Register a dataset, or keep what was changed of it.

    If an approval rested on what was changed, the dataset waits for approval again, and whoever
    changed it cannot be the one who approves. Else its approval stays as it is now, whatever it was
    when the entry was read. Raises `InvalidEntry`, `Refused`.
    """
    before = _before(dataset)
    changed = _changed(dataset, before)
    if before is None or set(changed) & set(GROUNDS_OF_APPROVAL):
        dataset.registered_by = actor.pseudonym
        dataset.approval = Dataset.Approval.UNAPPROVED
        dataset.approval_by, dataset.approval_at, dataset.approval_ground = "", None, ""
        dataset.approval_nonce = None
    else:
        for name in _APPROVAL:
            setattr(dataset, name, getattr(before, name))
    return _save(dataset, actor, before, {"approval": dataset.approval})


@transaction.atomic
def decide_approval(dataset: Dataset, actor: Actor, *, approve: bool, ground: str) -> Dataset:
    """Approve a source as lawful, or withdraw the approval, on a ground that stays with it.

    Raises `Refused` for those who may not and for one's own entry, `InvalidInput` without
    a ground.
    """
    role = require_role(actor, OFFICERS)
    ground = require_text(ground)
    locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
    if approve and actor.pseudonym == locked.registered_by:
        raise Refused(_("You entered this dataset; somebody else has to approve it."))
    if approve == locked.is_approved:
        raise Refused(
            _("This dataset is approved already.")
            if approve
            else _("This dataset is not approved.")
        )
    locked.approval = Dataset.Approval.APPROVED if approve else Dataset.Approval.WITHDRAWN
    locked.approval_by, locked.approval_at = actor.pseudonym, timezone.now()
    locked.approval_ground = ground
    locked.approval_nonce = nonce = new_nonce()
    locked.save()
    append(
        name="dataset.approved" if approve else "dataset.approval_withdrawn",
        role=role,
        actor=actor.pseudonym,
        facts={"dataset": locked.pk},
        commitments={"ground": commit(ground, nonce)},
        at=locked.approval_at,
    )
    return locked


@transaction.atomic
def save_snapshot(snapshot: Snapshot, actor: Actor) -> Snapshot:
    """Register a snapshot and have it read; of one that was read only the version may change.

    One that cannot be read may be corrected, and is then read again. Raises `InvalidEntry`,
    `Refused`.
    """
    before = _before(snapshot)
    changed = _changed(snapshot, before)
    if snapshot.parent_id is not None and (before is None or "parent" in changed):
        # Two that are each made from the other could else be entered at the same moment.
        Dataset.objects.select_for_update().get(pk=snapshot.dataset_id)
    read_anew = before is None or bool(set(changed) & set(CONTENT_OF_SNAPSHOT))
    if before is not None and read_anew:
        if snapshot.state != Snapshot.State.UNREADABLE:
            raise Refused(
                _("A snapshot does not change once it has been read. Register a new version.")
            )
        _forget_reading(snapshot)
    _save(snapshot, actor, before, {"dataset": snapshot.dataset_id})
    if read_anew:
        enqueue_inventory(snapshot)
    return snapshot


@transaction.atomic
def reread_snapshot(snapshot: Snapshot, actor: Actor) -> None:
    """Have a snapshot read once more that could not be read. Raises `Refused`."""
    role = require_role(actor, STEWARDS)
    locked = Snapshot.objects.select_for_update().get(pk=snapshot.pk)
    if locked.state != Snapshot.State.UNREADABLE:
        raise Refused(_("Only a snapshot that could not be read is read again."))
    _forget_reading(locked)
    locked.save()
    append(
        name="snapshot.asked_again",
        role=role,
        actor=actor.pseudonym,
        facts={"snapshot": locked.pk},
    )
    enqueue_inventory(locked)


def _forget_reading(snapshot: Snapshot) -> None:
    snapshot.state = Snapshot.State.WAITING
    snapshot.problem = snapshot.problem_about = ""
    snapshot.bytes_done = snapshot.bytes_total = 0


def enqueue_inventory(snapshot: Snapshot) -> None:
    """Have a snapshot read, in the background; call inside the transaction that registers it."""
    when = snapshot.registered_at if snapshot.read_at is None else snapshot.read_at
    enqueue_task(READ, str(snapshot.pk), about=f"{snapshot.pk}:{when.timestamp()}")


def mark_unreadable(snapshot: Snapshot, problem: str, about: str = "") -> None:
    """Say why a snapshot that is being read cannot be."""
    with transaction.atomic():
        Snapshot.objects.filter(pk=snapshot.pk).update(
            read_at=timezone.now(),
            state=Snapshot.State.UNREADABLE,
            problem=problem,
            problem_about=about[:500],
        )
        append(
            name="snapshot.unreadable",
            role=Role.SYSTEM,
            facts={"snapshot": snapshot.pk, "problem": problem},
        )
    logger.warning("Snapshot %s cannot be read: %s", snapshot.pk, problem)


@transaction.atomic
def mark_purged(snapshot: Snapshot, actor: Actor, at: datetime | None = None) -> None:
    """Note that the provider has deleted the data of a snapshot. Raises `Refused`."""
    role = require_role(actor, STEWARDS)
    locked = Snapshot.objects.select_for_update().get(pk=snapshot.pk)
    if locked.state == Snapshot.State.PURGED:
        raise Refused(_("The data of this snapshot are marked as deleted already."))
    locked.state, locked.purged_at = Snapshot.State.PURGED, at or timezone.now()
    locked.problem = locked.problem_about = ""
    locked.save()
    append(name="snapshot.purged", role=role, actor=actor.pseudonym, facts={"snapshot": locked.pk})


@transaction.atomic
def save_model(model: TrainedModel, actor: Actor, snapshots: list[Snapshot] | None) -> TrainedModel:
    """Register a model with the snapshots that it was trained on, or keep what was changed.

    `snapshots` None leaves them as they are. Raises `InvalidEntry`, `Refused`.
    """
    before = _before(model)
    trained_on = snapshots if snapshots is not None else list(model.snapshots.all())
    _save(
        model,
        actor,
        before,
        {"snapshots": [snapshot.pk for snapshot in trained_on]},
        name="model",
    )
    if snapshots is not None:
        model.snapshots.set(snapshots)
    return model


@transaction.atomic
def save_recipient(recipient: Recipient, actor: Actor) -> Recipient:
    """Register who was given a dataset, or keep what was changed.

    Raises `InvalidEntry`, `Refused`.
    """
    facts = {"dataset": recipient.dataset_id, "snapshot": recipient.snapshot_id}
    return _save(recipient, actor, _before(recipient), facts)


def _before(entry: RegisterEntry) -> RegisterEntry | None:
    """Return what is stored of an entry, locked, or None for a new one."""
    if entry.pk is None:
        return None
    stored: RegisterEntry = type(entry)._default_manager.select_for_update().get(pk=entry.pk)
    return stored


def _changed(entry: models.Model, before: models.Model | None) -> list[str]:
    if before is None:
        return []
    return [
        field.name
        for field in entry._meta.concrete_fields
        if field.value_from_object(entry) != field.value_from_object(before)
    ]


def _save(
    entry: RegisterEntry,
    actor: Actor,
    before: RegisterEntry | None,
    facts: Mapping[str, Any],
    *,
    name: str = "",
) -> RegisterEntry:
    """Check, write and tell the log; an entry in which nothing changed is not told."""
    role = require_role(actor, STEWARDS)
    if before is None and hasattr(entry, "registered_by"):
        entry.registered_by = actor.pseudonym
    try:
        entry.full_clean()
    except ValidationError as error:
        raise InvalidEntry(error.message_dict) from error
    changed = _changed(entry, before)
    entry.save()
    name = name or entry._meta.model_name or ""
    if before is None or changed or name == "model":
        append(
            name=f"{name}.{'registered' if before is None else 'changed'}",
            role=role,
            actor=actor.pseudonym,
            facts={name: entry.pk, **facts, **({"changed": changed} if changed else {})},
        )
    return entry
