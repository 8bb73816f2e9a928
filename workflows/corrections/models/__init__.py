"""Instructions, manifests and receipts; and the list of what models must not put out."""

from workflows.corrections.models.instruction import Instruction
from workflows.corrections.models.manifest import Guarded, Manifest, Receipt, Return, Tombstone
from workflows.corrections.models.suppression import ListVersion, Suppression

__all__ = [
    "Guarded",
    "Instruction",
    "ListVersion",
    "Manifest",
    "Receipt",
    "Return",
    "Suppression",
    "Tombstone",
]
