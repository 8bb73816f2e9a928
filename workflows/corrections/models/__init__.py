"""Instructions, manifests, acknowledgements, notices to recipients."""

from workflows.corrections.models.instruction import Instruction
from workflows.corrections.models.item_change import ItemChange
from workflows.corrections.models.manifest import (
    GuardedSnapshot,
    Manifest,
    PipelineAcknowledgement,
    Reingestion,
    Tombstone,
)
from workflows.corrections.models.recipient_notice import RecipientNotice

__all__ = [
    "GuardedSnapshot",
    "Instruction",
    "ItemChange",
    "Manifest",
    "PipelineAcknowledgement",
    "RecipientNotice",
    "Reingestion",
    "Tombstone",
]
