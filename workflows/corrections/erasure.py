"""What goes when a case is erased, and what must stay so that the erasure holds."""

from workflows.cases.models import Case
from workflows.corrections.models import (
    Instruction,
    ItemChange,
    Manifest,
    PipelineAcknowledgement,
    RecipientNotice,
)
from workflows.corrections.transition import end_erased
from workflows.vault.fields import erase_sealed
from workflows.vault.services import shred


def erase_case_data(case: Case) -> None:
    """Erase what corrections hold of a person; call in the transaction that erases the case.

    Keyed hashes of suppressed phrases stay: without them the model would speak of the person
    again. So do tombstones: without them what was taken out could come back unseen.
    """
    erase_sealed(case.suppressions.all())
    ItemChange.objects.filter(case=case).delete()
    # The places of what was not dealt with yet are still needed; they go when it is.
    case.returns.exclude(resolved_at=None).update(places=[])
    # What staff and pipelines typed about it, which may say more than it should.
    case.returns.update(remark="")
    Instruction.objects.filter(item__case=case).update(receipt="")
    of_case = {"manifest__instructions__item__case": case}
    RecipientNotice.objects.filter(**of_case).update(remark="")
    PipelineAcknowledgement.objects.filter(**of_case).update(remark="")
    # The texts of a manifest are sealed together; whoever else stands in it is verified by then,
    # or waits for a new one.
    for manifest in Manifest.objects.filter(instructions__item__case=case).distinct():
        end_erased(manifest)
        erase_sealed(Manifest.objects.filter(pk=manifest.pk))
        shred(manifest.data_key)
