"""Issuing instructions for approved items and taking receipts for them."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case, Item
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.corrections.by_hand import is_done_in
from workflows.corrections.item_changes import redacts
from workflows.corrections.lineage import related_versions, tips
from workflows.corrections.manifests import targets_of, verified_for
from workflows.corrections.models import Instruction, Manifest
from workflows.vocabulary.outcomes import Outcome

OPERATIONS = {
    Outcome.CORRECTED: Instruction.Operation.REPLACE,
    Outcome.SUPPLEMENTED: Instruction.Operation.REPLACE,
    Outcome.DELETED: Instruction.Operation.DELETE,
    Outcome.ANONYMISED: Instruction.Operation.ANONYMISE,
}


def issue_instructions(case: Case) -> list[Instruction]:
    """Issue what the approved items of a case ask of the data; again adds nothing."""
    if case.state != State.EXECUTING:
        return []
    return [
        Instruction.objects.get_or_create(
            item=item,
            operation=operation_of(item),
            applied_at=None,
            retired_at=None,
            defaults={"issued_at": timezone.now()},
        )[0]
        for item in case.items.filter(executed=False)
    ]


def operation_of(item: Item) -> str:
    """Return what is to be done to the data; a deletion may leave the rest of the record."""
    operation = OPERATIONS[Outcome(item.outcome)]
    if operation == Instruction.Operation.DELETE and redacts(item):
        return Instruction.Operation.ANONYMISE
    return operation


def why_no_manifest(instruction: Instruction) -> str:
    """Return in words why no manifest is made of an open instruction; "" where one was or may be.

    Then people have to carry it out, or to decide anew.
    """
    if instruction.manifests.exists():
        return ""
    targets = targets_of(instruction.item.case)
    if not targets:
        return _("no record was judged to be the person’s, so there is no manifest")
    if set(targets) <= set(instruction.without_wording.all()):
        return _(
            "the wording to be replaced is in none of the records judged to be the person’s, so"
            " there is no manifest"
        )
    return ""


def record_receipt(instruction: Instruction, actor: Actor, receipt: str) -> None:
    """Take the receipt that an instruction was carried out: where, and how it was checked.

    When the last instruction of an item has its receipt, the item counts as carried out. Where a
    manifest says what is to be done, its re-scan decides and no word of staff, unless what it had
    found is not in the newest version any more. The log holds a commitment to the receipt. Raises
    `InvalidInput`, `MoveRefused`.
    """
    receipt = require_text(receipt)
    longest = Instruction._meta.get_field("receipt").max_length or 0
    if len(receipt) > longest:
        raise InvalidInput(_("Write at most %(count)s characters.") % {"count": longest})
    last = Manifest.objects.filter(instructions=instruction).order_by("-made_at").first()
    if last is not None and _decides(last, instruction):
        raise InvalidInput(
            _(
                "This instruction is in a manifest. It counts as carried out when that was applied "
                "and the re-scan has found nothing."
            )
        )
    complete(instruction, actor, receipt)


def _decides(manifest: Manifest, instruction: Instruction) -> bool:
    """Return whether the re-scan of a manifest says if an instruction is carried out.

    Not where it found something that is no longer in any version in use: nothing is left there of
    which another manifest could be made.
    """
    if manifest.state in Manifest.LIVE:
        return True
    if manifest.state != Manifest.State.LEFT:
        return False
    verified = instruction.manifests.all()
    in_use = [
        snapshot
        for snapshot in tips(related_versions(manifest.snapshot))
        if not verified.filter(verified_for(snapshot)).exists()
    ]
    return not in_use or not all(is_done_in(instruction, snapshot) for snapshot in in_use)


def complete(instruction: Instruction, actor: Actor, receipt: str) -> None:
    """Count an instruction as carried out. Raises `InvalidInput`, `MoveRefused`."""
    with transaction.atomic():
        locked = (
            Instruction.objects.select_for_update()
            .select_related("item__case")
            .get(pk=instruction.pk)
        )
        if locked.applied_at is not None:
            raise InvalidInput(_("This instruction already has its receipt."))
        if locked.retired_at is not None:
            raise InvalidInput(_("This instruction was taken back."))
        item = locked.item
        event = advance(
            item.case,
            Action.RECORD_EXECUTION,
            actor,
            facts={
                "item": item.position,
                "operation": locked.operation,
                "instruction": str(locked.pk),
            },
            contents={"receipt": receipt},
        )
        locked.applied_at, locked.receipt = event.at, receipt
        locked.save(update_fields=["applied_at", "receipt"])
        if not item.instructions.open().exists():
            item.executed = True
            item.save(update_fields=["executed"])
