"""Appending the first events of many new cases at once, with few queries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from workflows.ledger.canonical import Json
from workflows.ledger.leaf import leaf_template, require_codes
from workflows.ledger.merkle import leaf_hash
from workflows.ledger.models import CaseCounter, Event, InboxEntry
from workflows.ledger.services import next_register_number


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event to be appended; the fields are those of `services.append`."""

    case: UUID
    name: str
    role: str
    at: datetime
    actor: str = ""
    register: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    commitments: Mapping[str, str] = field(default_factory=dict)


def append_first_events(events: Sequence[NewEvent]) -> list[Event]:
    """Append the events of cases of which the log knows nothing yet, in the order given.

    Raises `InvalidEventError` as `append` does, `IntegrityError` for a case that has events, and
    RuntimeError outside a transaction. Register counters stay locked until it ends.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Events must be appended in the transaction of what they record.")
    for event in events:
        require_codes(event.facts)
    templates = [
        leaf_template(
            name=event.name,
            role=event.role,
            actor=event.actor,
            case=event.case,
            register=event.register,
            facts=event.facts,
            commitments=event.commitments,
            moment=event.at,
        )
        for event in events
    ]
    numbers = _reserve(Counter(event.register for event in events if event.register is not None))
    steps: Counter[UUID] = Counter()
    rows = []
    for event, template in zip(events, templates, strict=True):
        steps[event.case] += 1
        number = None
        if event.register is not None:
            numbers[event.register] += 1
            number = numbers[event.register]
        leaf = template.fill(steps[event.case], number)
        rows.append(
            Event(
                case=event.case,
                step=steps[event.case],
                register=event.register,
                register_number=number,
                name=event.name,
                role=event.role,
                actor=event.actor,
                at=event.at,
                leaf=leaf,
                leaf_hash=leaf_hash(leaf),
            )
        )
    CaseCounter.objects.bulk_create(
        CaseCounter(case=case, last=last) for case, last in steps.items()
    )
    appended = Event.objects.bulk_create(rows)
    InboxEntry.objects.bulk_create(InboxEntry(event=event) for event in appended)
    return appended


def _reserve(counts: Mapping[str, int]) -> dict[str, int]:
    """Take numbers from each register, in one order for all; return the last ones given before."""
    return {
        register: next_register_number(register, by=count) - count
        for register, count in sorted(counts.items())
    }
