"""The tables of a case. What a person wrote is sealed with the key of the case."""

from workflows.cases.models.admission import Admission, Purpose, SpentProof
from workflows.cases.models.case import Case, Identifier, Item, Person, RegimeVersion
from workflows.cases.models.clock import BaseClock, Clock, ClockEvent
from workflows.cases.models.correspondence import (
    AccessThrottle,
    Attachment,
    Draft,
    DraftFile,
    EventContent,
    IdempotencyKey,
    Message,
)
from workflows.cases.models.identity_policy import IdentityPolicy

__all__ = [
    "AccessThrottle",
    "Admission",
    "Attachment",
    "BaseClock",
    "Case",
    "Clock",
    "ClockEvent",
    "Draft",
    "DraftFile",
    "EventContent",
    "IdempotencyKey",
    "Identifier",
    "IdentityPolicy",
    "Item",
    "Message",
    "Person",
    "Purpose",
    "RegimeVersion",
    "SpentProof",
]
