"""What the rotation of `INDEX_KEY` can make anew, and what stays bound to the keys before.

Receipts, tokens and links are kept by nobody but those who were given them, so that no other hash
of them can be made: the former key recognises them until they end. See ADR 0022.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from requests_portal.sign_in.password_reset import RESET_MAIL
from workflows.accounts import invitations
from workflows.accounts.models import Invitation, PipelineToken
from workflows.accounts.regulators import live_tokens
from workflows.cases import idempotency
from workflows.cases.drafts import DRAFT_KEPT_FOR
from workflows.cases.email_index import RENEW_ADDRESSES
from workflows.cases.models import Case, Draft, IdempotencyKey
from workflows.corrections import recipients
from workflows.corrections.models import RecipientNotice
from workflows.corrections.tombstones import RENEW_TOMBSTONES, tombstones_under_former_keys
from workflows.identity import contact
from workflows.identity.models import ContactChallenge
from workflows.ledger.models import Event
from workflows.model_outputs.suppression import RENEW_PHRASES, phrases_under_former_keys
from workflows.outbox.models import Effect
from workflows.vault.crypto import DecryptionFailed
from workflows.vault.rotation import RotationStep
from workflows.vocabulary.people import Channel

# The texts of an authenticator that are encrypted, by its type; of passkeys none is.
_ENCRYPTED = {"totp": "secret", "recovery_codes": "seed"}
_MIGRATED = "migrated_codes"
# Mails to one address and wrong receipts are counted by the day.
_COUNTED_FOR = timedelta(days=2)


def _encrypt_anew(authenticator: Authenticator) -> int:
    adapter, data = get_adapter(), dict(authenticator.data)
    try:
        if (field := _ENCRYPTED.get(authenticator.type)) and field in data:
            data[field] = adapter.encrypt_anew(data[field])
        if _MIGRATED in data:
            data[_MIGRATED] = [adapter.encrypt_anew(code) for code in data[_MIGRATED]]
    except DecryptionFailed:
        return 0
    if data == authenticator.data:
        return 0
    authenticator.data = data
    authenticator.save(update_fields=["data"])
    return 1


STEPS = (
    RotationStep("second factors", Authenticator.objects.all, _encrypt_anew),
    RENEW_ADDRESSES,
    RENEW_PHRASES,
    RENEW_TOMBSTONES,
)


def unreadable_factors() -> int:
    """Return how many second factors no key opens: their owners must set up new ones."""
    adapter, unreadable = get_adapter(), 0
    for authenticator in Authenticator.objects.filter(type__in=_ENCRYPTED).iterator():
        data = authenticator.data
        own = data.get(_ENCRYPTED[authenticator.type])
        try:
            for text in [*([own] if own else []), *data.get(_MIGRATED, [])]:
                adapter.decrypt(text)
        except DecryptionFailed:
            unreadable += 1
    return unreadable


@dataclass(frozen=True, slots=True)
class FormerKeyUsage:
    """So many things that only a former key recognises: until they end, or for how long in words.

    Most are counted by their age, so there may be fewer.
    """

    what: str
    count: int
    until: datetime | str


def bound_to_former_keys(since: datetime) -> Iterator[FormerKeyUsage]:
    """Yield what was stored before the current key came, since when it is used, and is not over."""
    for bound in (*_with_an_end(since), *_with_their_cases(since), *_for_good()):
        if bound.count:
            yield bound


def _with_an_end(since: datetime) -> Iterator[FormerKeyUsage]:
    now = timezone.now()
    end = since + _COUNTED_FOR
    yield FormerKeyUsage(
        "counts of mails, of wrong receipts and passwords, used codes", int(now < end), end
    )
    asked = Effect.objects.filter(kind=RESET_MAIL, state=Effect.State.PENDING)
    yield FormerKeyUsage(
        "passwords to be reset", asked.filter(created_at__lt=since).count(), "until they are mailed"
    )
    attempts = IdempotencyKey.objects.filter(created_at__lt=since)
    attempts = attempts.exclude(case__channel=Channel.STAFF)
    yield _until("attempts to file", attempts, "created_at", idempotency.KEPT_FOR)
    drafts = Draft.objects.filter(created_at__lt=since)
    yield _until("drafts", drafts, "changed_at", DRAFT_KEPT_FOR)
    links = ContactChallenge.objects.filter(used_at=None, expires_at__gt=now)
    links = links.filter(expires_at__lt=since + contact.VALID_FOR)
    yield _until("links that confirm a contact", links, "expires_at")
    invited = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now)
    invited = invited.filter(expires_at__lt=since + invitations.VALID_FOR)
    yield _until("links that set a password", invited, "expires_at")
    notices = RecipientNotice.objects.filter(made_at__lt=since, confirmed_at=None)
    notices = notices.filter(mailed_at__gt=now - recipients.VALID_FOR)
    yield _until("links of recipients", notices, "mailed_at", recipients.VALID_FOR)
    yield _until("tokens of pipelines", _pipelines(since), "expires_at")
    tokens = live_tokens().filter(created_at__lt=since)
    yield _until("tokens of regulators", tokens, "expires_at")


def _until(
    what: str, rows: QuerySet[Any], field: str, kept: timedelta = timedelta(0)
) -> FormerKeyUsage:
    found = rows.aggregate(count=Count("pk"), last=Max(field))
    return FormerKeyUsage(what, found["count"], (found["last"] or timezone.now()) + kept)


def _pipelines(since: datetime) -> QuerySet[PipelineToken]:
    """Return those whose token is older; the row of a pipeline is older than its newest token."""
    issued = Event.objects.filter(name="pipeline.token_issued", at__gte=since)
    renewed = [str(event.facts["pipeline"]) for event in issued]
    live = PipelineToken.objects.filter(issued_at__lt=since, expires_at__gt=timezone.now())
    waiting_only = Q(token_digest=None, waiting_digest=None)
    done = Q(pseudonym__in=renewed) & (Q(waiting_digest=None) | Q(token_digest=None))
    return live.exclude(waiting_only).exclude(done)


def _with_their_cases(since: datetime) -> Iterator[FormerKeyUsage]:
    """Yield what goes when the cases are erased; places found in data go with them, too."""
    until = "until their cases are erased"
    cases = Case.objects.filter(filed_at__lt=since, erased_at=None)
    yield FormerKeyUsage("receipts", cases.count(), until)
    letters = IdempotencyKey.objects.filter(created_at__lt=since, case__channel=Channel.STAFF)
    yield FormerKeyUsage("letters that were entered", letters.count(), until)


def _for_good() -> Iterator[FormerKeyUsage]:
    """Yield what outlives its case, so that nothing is left from which it could be made anew."""
    yield FormerKeyUsage("tombstones", tombstones_under_former_keys(), "for good")
    yield FormerKeyUsage(
        "suppressed phrases of erased cases",
        phrases_under_former_keys(),
        "for good, at the gateways",
    )
