"""A filing before it is written: all of its rows, computed, without a look at the database.

Primary keys that the database counts, and what is sealed with them, are given when it is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Model

from workflows.cases.access import new_case_number, receipt_digest
from workflows.cases.applicable_law import laws_of_place, laws_under
from workflows.cases.clocks import first_clocks
from workflows.cases.filing_request import FilingRequest
from workflows.cases.models import (
    Case,
    Clock,
    ClockEvent,
    EventContent,
    IdempotencyKey,
    Identifier,
    Item,
    Person,
)
from workflows.cases.transition import prepare_case_event
from workflows.ledger.append import PreparedEvent
from workflows.mail.addresses import normalise_email
from workflows.outbox.models import Effect
from workflows.outbox.services import new_effect
from workflows.regimes.applicability import canonical_place
from workflows.regimes.stored_rules import StoredRules
from workflows.vault.blind_index import new_entries
from workflows.vault.models import BlindIndexEntry, DataKey
from workflows.vault.services import new_data_key
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import Channel, IdentifierKind
from workflows.vocabulary.roles import Role

# What follows the commit of each filing, and of one in which somebody complains.
EFFECTS = ("identity.confirm_contact", "routing.route", "notices.acknowledge")
EFFECT_OF_COMPLAINT = "complaints.open"
EMAIL_INDEX = "person.email"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to file under one index key: what is stored of it, and its receipt."""

    digest: bytes
    body: bytes
    receipt: str


@dataclass(frozen=True, slots=True)
class PreparedFiling:
    """The rows of one filing, none of them stored, and the events to be appended after them.

    `rules` is the version of the stored rules from which laws and clocks follow.
    """

    rules: StoredRules
    data_key: DataKey
    case: Case
    clock_events: Sequence[ClockEvent]
    clocks: Sequence[Clock]
    people: Sequence[Person]
    identifiers: Sequence[Identifier]
    items: Sequence[Item]
    index_entries: Sequence[BlindIndexEntry]
    idempotency_key: IdempotencyKey
    contents: Sequence[EventContent]
    effects: Sequence[Effect]
    events: Sequence[PreparedEvent]

    def rows(self) -> Iterator[Model]:
        """Yield all rows, those of each table in order."""
        yield self.data_key
        yield self.case
        yield from chain(self.clock_events, self.clocks, self.people, self.identifiers, self.items)
        yield from self.index_entries
        yield self.idempotency_key
        yield from chain(self.contents, self.effects)


def new_case(request: FilingRequest, channel: Channel, at: datetime, rules: StoredRules) -> Case:
    """Return the case of a request under the laws that apply by these rules, with a key of its own.

    `at` is when the request was received.
    """
    kinds = [item.kind for item in request.items]
    laws = laws_under(rules, request.residence, kinds, at)
    versions = laws_of_place(rules, request.residence, at).versions
    return Case(
        number=new_case_number(at),
        data_key=new_data_key(),
        language=request.language,
        channel=channel,
        residence=canonical_place(request.residence),
        service=request.service,
        requester_role=request.requester_role,
        kinds=kinds,
        regime=laws.lead.code,
        regimes=[regime.code for regime in laws.regimes],
        regime_versions={version.code: version.digest for version in versions},
        applicability=laws.as_kept(rules.profile_id),
        has_contact=bool(request.email),
        filed_at=at,
    )


def prepare_filing(
    case: Case,
    request: FilingRequest,
    attempt: Attempt,
    rules: StoredRules,
    files: Sequence[Mapping[str, Any]] = (),
) -> PreparedFiling:
    """Return the filing of a request as a new case; the versions of its rules are kept already.

    `files` describes what comes with it, as `attachments.add_attachments` does.
    """
    case.receipt_digest = receipt_digest(attempt.receipt)
    begun = first_clocks(case, rules.notices)
    effects = (*EFFECTS, *((EFFECT_OF_COMPLAINT,) if ItemKind.COMPLAINT in case.kinds else ()))
    # In one order for all, for each takes the counter of its regime until the commit.
    received = [
        prepare_case_event(
            case,
            "case.received",
            role=Role.PUBLIC,
            register=code,
            facts=received_facts(case, code),
            contents={"request": request.as_content(), "files": list(files)}
            if code == case.regime
            else None,
        )
        for code in sorted(case.regimes)
    ]
    return PreparedFiling(
        rules=rules,
        data_key=case.data_key,
        case=case,
        clock_events=[begun.received],
        clocks=begun.clocks,
        people=_people(case, request),
        identifiers=[
            Identifier(case=case, kind=identifier.kind, value=identifier.value)
            for identifier in request.identifiers
        ],
        items=[
            Item(case=case, position=position, kind=item.kind, details=dict(item.details))
            for position, item in enumerate(request.items, start=1)
        ],
        index_entries=new_entries(
            case.data_key, [(EMAIL_INDEX, address) for address in _addresses(request)]
        ),
        idempotency_key=IdempotencyKey(digest=attempt.digest, body_digest=attempt.body, case=case),
        contents=[content for _event, contents in received for content in contents],
        effects=[
            new_effect(effect, key=f"{effect}:{case.pk}", payload={"case": str(case.pk)})
            for effect in effects
        ],
        events=[event for event, _contents in received],
    )


def received_facts(case: Case, code: str) -> dict[str, Any]:
    """Return what the log says of a filing under one regime; it names nobody."""
    return {
        "channel": case.channel,
        "items": list(case.kinds),
        "language": case.language,
        "received_at": case.filed_at.isoformat(),
        "regime": code,
        "regime_version": case.regime_of(code).version,
        "requester": case.requester_role,
        "residence": case.residence,
    }


def _people(case: Case, request: FilingRequest) -> list[Person]:
    subject = Person(case=case, part=Person.Part.SUBJECT, name=request.subject_name)
    if not request.requester_name:
        subject.email, subject.phone = request.email, request.phone
        return [subject]
    requester = Person(
        case=case,
        part=Person.Part.REQUESTER,
        name=request.requester_name,
        authority=request.authority,
        kin=request.kin() or None,
        email=request.email,
        phone=request.phone,
    )
    return [subject, requester]


def _addresses(request: FilingRequest) -> list[str]:
    """Return the addresses by which the case is found, each once."""
    emails = {i.value for i in request.identifiers if i.kind == IdentifierKind.EMAIL}
    return sorted({normalise_email(email) for email in emails | {request.email} if email.strip()})
