"""Filing a request: one service for the web form, the API, the commands and the staff."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from workflows.cases import clocks
from workflows.cases.access import derive_receipt, new_case_number, receipt_digest
from workflows.cases.applicable_law import laws_for, profile_in_force
from workflows.cases.attachments import Upload, add_attachments, check_uploads
from workflows.cases.errors import AttemptReused, InvalidFiling
from workflows.cases.filing_request import FilingRequest, check_filing
from workflows.cases.models import Case, IdempotencyKey, Identifier, Item, Person
from workflows.cases.models.case import keep_versions
from workflows.cases.transition import append_case_event
from workflows.ledger.canonical import canonical_json
from workflows.mail.addresses import normalise_email
from workflows.outbox.services import enqueue
from workflows.regimes.applicability import canonical_place
from workflows.vault import blind_index
from workflows.vault.blind_index import IndexKey, index_keys
from workflows.vault.fields import number_rows
from workflows.vault.services import create_data_key
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import Channel, IdentifierKind
from workflows.vocabulary.roles import Role

# What follows the commit of each filing, and of one in which somebody complains.
EFFECTS = ("identity.confirm_contact", "routing.route", "notices.acknowledge")
EFFECT_OF_COMPLAINT = "complaints.open"
EMAIL_INDEX = "person.email"


@dataclass(frozen=True, slots=True)
class FilingResult:
    """What filing gives back: the case and the receipt, which is shown once and kept nowhere."""

    case: Case
    receipt: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt to file under one index key: what is stored of it, and its receipt."""

    digest: bytes
    body: bytes
    receipt: str


def file_request(
    request: FilingRequest,
    *,
    attempt: str,
    channel: Channel = Channel.WEB,
    uploads: tuple[Upload, ...] = (),
    at: datetime | None = None,
    admit: Callable[[], None] | None = None,
) -> FilingResult:
    """File a request and return its case with the receipt.

    `attempt` names this attempt to file (a draft's secret, an `Idempotency-Key`): the same attempt
    with the same content gives the same case and receipt again. `at` back-dates the receipt by
    law, for a request that reached the provider by letter. `admit` may refuse by raising; it is
    not asked where the attempt has filed before.

    One transaction writes case, people, identifiers, items, files, clocks, the event
    `case.received` once for each regime, and the effects. Raises `InvalidFiling`, or
    `AttemptReused` when the same attempt comes back with another content.
    """
    errors = check_filing(request)
    errors.update(check_uploads(uploads))
    if errors:
        raise InvalidFiling(errors)
    content = request.as_content()
    attempts = [_attempt_under(key, attempt, channel, content) for key in index_keys()]
    current = attempts[0]
    with transaction.atomic():
        earlier = _made_before(attempts)
        if earlier is not None:
            return earlier
        if admit is not None:
            admit()
        case = _new_case(request, channel, current.receipt, at or timezone.now())
        begun = clocks.first_clocks(case)
        case.save(force_insert=True)
        begun.store()
        _create_parts(case, request)
        files = add_attachments(case, uploads, from_person=True, at=case.filed_at)
        IdempotencyKey.objects.create(digest=current.digest, body_digest=current.body, case=case)
        complains = ItemKind.COMPLAINT in case.kinds
        for effect in (*EFFECTS, *((EFFECT_OF_COMPLAINT,) if complains else ())):
            enqueue(effect, key=f"{effect}:{case.pk}", payload={"case": str(case.pk)})
        # Last, for each takes the counter of its regime until the commit; in one order for all.
        for code in sorted(case.regimes):
            append_case_event(
                case,
                "case.received",
                role=Role.PUBLIC,
                register=code,
                facts=received_facts(case, code),
                contents={"request": content, "files": files} if code == case.regime else None,
            )
    return FilingResult(case, current.receipt)


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


def filed_by(attempt: str, *, channel: Channel = Channel.WEB) -> FilingResult | None:
    """Return what an attempt to file has made, with its receipt, without filing anything.

    None where it made nothing, or where its case was erased.
    """
    keys = {_attempt_digest(key, attempt, channel): key for key in index_keys()}
    earlier = _kept_of(list(keys))
    if earlier is None:
        return None
    digest, body = bytes(earlier.digest), bytes(earlier.body_digest)
    return FilingResult(earlier.case, derive_receipt(digest + body, keys[digest]), repeated=True)


def _attempt_digest(key: IndexKey, attempt: str, channel: Channel) -> bytes:
    return key.keyed_hash("filing.attempt", f"{channel}|{attempt}".encode())


def _attempt_under(
    key: IndexKey, attempt: str, channel: Channel, content: dict[str, Any]
) -> _Attempt:
    digest = _attempt_digest(key, attempt, channel)
    body = key.keyed_hash("filing.body", canonical_json(content))
    return _Attempt(digest, body, derive_receipt(digest + body, key))


def _kept_of(digests: list[bytes]) -> IdempotencyKey | None:
    kept = IdempotencyKey.objects.select_related("case__data_key")
    return kept.filter(digest__in=digests).first()


def _made_before(attempts: list[_Attempt]) -> FilingResult | None:
    """Return the case that this attempt has made before; two at once wait for each other.

    Also where a process knows the next index key already and another does not yet.
    """
    with connection.cursor() as cursor:
        for lock in sorted(int.from_bytes(each.digest[:8], signed=True) for each in attempts):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    by_digest = {each.digest: each for each in attempts}
    earlier = _kept_of(list(by_digest))
    if earlier is None:
        return None
    attempt = by_digest[bytes(earlier.digest)]
    if bytes(earlier.body_digest) != attempt.body:
        raise AttemptReused
    return FilingResult(earlier.case, attempt.receipt, repeated=True)


def _new_case(request: FilingRequest, channel: Channel, receipt: str, at: datetime) -> Case:
    profile, version = profile_in_force()
    kinds = [item.kind for item in request.items]
    laws = laws_for(request.residence, kinds, at, profile)
    return Case(
        number=new_case_number(at),
        data_key=create_data_key(),
        receipt_digest=receipt_digest(receipt),
        language=request.language,
        channel=channel,
        residence=canonical_place(request.residence),
        service=request.service,
        requester_role=request.requester_role,
        kinds=kinds,
        regime=laws.lead.code,
        regimes=[regime.code for regime in laws.regimes],
        regime_versions=keep_versions(laws.regimes),
        applicability=laws.as_kept(version),
        has_contact=bool(request.email),
        filed_at=at,
    )


def _create_parts(case: Case, request: FilingRequest) -> None:
    """Write the people, their blind index, the identifiers and the items of a new case."""
    contact = {"email": request.email, "phone": request.phone}
    subject = Person(case=case, part=Person.Part.SUBJECT, name=request.subject_name)
    if request.requester_name:
        people = [
            subject,
            Person(
                case=case,
                part=Person.Part.REQUESTER,
                name=request.requester_name,
                authority=request.authority,
                kin=request.kin() or None,
                **contact,
            ),
        ]
    else:
        subject.email, subject.phone = request.email, request.phone
        people = [subject]
    identifiers = [
        Identifier(case=case, kind=identifier.kind, value=identifier.value)
        for identifier in request.identifiers
    ]
    items = [
        Item(case=case, position=position, kind=item.kind, details=dict(item.details))
        for position, item in enumerate(request.items, start=1)
    ]
    number_rows([*people, *identifiers, *items])
    Person.objects.bulk_create(people)
    Identifier.objects.bulk_create(identifiers)
    Item.objects.bulk_create(items)
    emails = {i.value for i in request.identifiers if i.kind == IdentifierKind.EMAIL}
    addresses = {normalise_email(email) for email in emails | {request.email} if email.strip()}
    if addresses:
        blind_index.index_many(
            case.data_key, [(EMAIL_INDEX, address) for address in sorted(addresses)]
        )
