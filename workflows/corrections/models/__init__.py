"""Instructions, manifests, receipts, notices to recipients; what models must not put out."""

from workflows.corrections.models.instruction import Instruction
from workflows.corrections.models.item_change import ItemChange
from workflows.corrections.models.manifest import Guarded, Manifest, Receipt, Return, Tombstone
from workflows.corrections.models.recipient_notice import RecipientNotice
from workflows.corrections.models.suppression import ListVersion, Suppression

__all__ = [
    "Guarded",
    "Instruction",
    "ItemChange",
    "ListVersion",
    "Manifest",
    "Receipt",
    "RecipientNotice",
    "Return",
    "Suppression",
    "Tombstone",
]
