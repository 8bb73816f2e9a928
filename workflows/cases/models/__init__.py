"""The tables of a case. What a person wrote is sealed with the key of the case."""

from workflows.cases.models.admission import Admission, Purpose, SpentProof
from workflows.cases.models.case import Case, Identifier, Item, Person
from workflows.cases.models.clock import BaseClock, Clock, ClockEvent
from workflows.cases.models.correspondence import Attachment, EventContent, Message
from workflows.cases.models.draft import Draft, DraftFile
from workflows.cases.models.identity_policy import IdentityPolicy
from workflows.cases.models.rules import RegimeVersion
from workflows.cases.models.support import (
    AccessThrottle,
    IdempotencyKey,
    MailTally,
    StaffIdentity,
)

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
    "MailTally",
    "Message",
    "Person",
    "Purpose",
    "RegimeVersion",
    "SpentProof",
    "StaffIdentity",
]
