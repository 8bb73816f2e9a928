"""Confirming the requester's contact: a mailed link with a button, used once, for one case."""

import base64
import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import PUBLIC, SYSTEM
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import MOVES, OPEN, Action, State
from workflows.cases.models import Case
from workflows.cases.transition import advance, append_case_event, lock_case
from workflows.common.errors import DomainError
from workflows.identity.models import ContactChallenge
from workflows.outbox.models import Effect
from workflows.outbox.services import enqueue
from workflows.vault.blind_index import keyed_hash, keyed_hashes
from workflows.vocabulary.people import Assurance
from workflows.vocabulary.roles import Role

VALID_FOR = timedelta(days=7)
REMIND_AFTER = timedelta(days=2)
# A case whose contact stays unconfirmed this long is closed, unless staff took it up before.
EXPIRE_AFTER = timedelta(days=30)
# The key of the effect that sends the second link, before the id of the case.
RESEND_KEY_PREFIX = "identity.confirm_contact.again:"
_PURPOSE = "contact.challenge"

logger = logging.getLogger(__name__)


class InvalidChallenge(DomainError):
    """The link is unknown, used or too old; says the same in each case."""

    def __init__(self) -> None:
        super().__init__(
            _("This link is not valid any more. It may have been used already, or be too old.")
        )


def _digest(token: str) -> bytes:
    return keyed_hash(_PURPOSE, token.encode())


def open_challenge(case: Case, effect_id: UUID) -> str:
    """Make a secret for a case, which is good from now on, and return it.

    It is derived from the effect by which it is mailed, so that a mail sent again after a crash,
    of which programs for mail may show only the first, has the same link.
    """
    token = _token(effect_id)
    ContactChallenge.objects.update_or_create(
        case=case,
        token_digest=_digest(token),
        defaults={"expires_at": timezone.now() + VALID_FOR},
    )
    return token


def note_sent(case: Case, effect_id: UUID) -> None:
    """Note that the link of an effect is on its way, and end the older ones of its case.

    Not before: while a mail server is away, a link that arrived earlier is all that a person has.
    """
    digest = _digest(_token(effect_id))
    case.contact_challenges.filter(used_at=None).exclude(token_digest=digest).delete()
    case.contact_challenges.filter(token_digest=digest).update(sent_at=timezone.now())


def _token(effect_id: UUID) -> str:
    secret = keyed_hash("contact.link", effect_id.bytes)
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def find_challenge(token: str) -> ContactChallenge:
    """Return the challenge behind a mailed link while it can be used; changes nothing.

    Raises `InvalidChallenge`.
    """
    challenge = (
        ContactChallenge.objects.select_related("case__data_key")
        .filter(
            token_digest__in=keyed_hashes(_PURPOSE, token.encode()),
            used_at=None,
            expires_at__gt=timezone.now(),
        )
        .first()
    )
    if challenge is None:
        raise InvalidChallenge
    return challenge


def confirm_contact(token: str) -> Case:
    """Confirm the contact of the case for which the link was mailed, once.

    Raises `InvalidChallenge`. A case that staff have already taken up keeps its state; that the
    contact is confirmed is a step of it all the same.
    """
    with transaction.atomic():
        challenge = find_challenge(token)
        used = ContactChallenge.objects.filter(pk=challenge.pk, used_at=None).update(
            used_at=timezone.now()
        )
        if not used:
            raise InvalidChallenge
        case = lock_case(challenge.case)
        if case.state == State.FILED:
            advance(case, Action.CONFIRM_CONTACT, PUBLIC)
        else:
            append_case_event(case, MOVES[Action.CONFIRM_CONTACT].event, role=Role.PUBLIC)
            case.contact_confirmed_at = case.contact_confirmed_at or timezone.now()
        if case.assurance == Assurance.NONE:
            case.assurance = Assurance.CONTACT
        case.save(update_fields=["assurance", "contact_confirmed_at"])
    return case


def waits_for_contact(case: Case) -> bool:
    """Return whether somebody is still to confirm the address that came with a request."""
    return case.state in OPEN and case.has_contact and case.contact_confirmed_at is None


def ask_for_link(case: Case) -> bool:
    """Have another link mailed because the person asks for it, once a day; False where none is due.

    The limit of the address holds as for every mail.
    """
    if not waits_for_contact(case):
        return False
    key = f"identity.confirm_contact.asked:{case.pk}:{timezone.now().date()}"
    enqueue("identity.confirm_contact", key=key, payload={"case": str(case.pk)})
    return True


def sweep_unconfirmed(now: datetime | None = None) -> tuple[int, int]:
    """Send a second link to who has not confirmed, and let go of what never was.

    The time counts from the day of the last link and not of the request: a letter may be entered
    weeks after it came, and a link may have to wait for the limit of its address. Who was sent no
    link is let go of never.

    Returns how many were reminded and how many expired. Any number of sweeps at once do no harm:
    each case is locked, and the second link has an idempotency key.
    """
    now = now or timezone.now()
    links = ContactChallenge.objects.filter(case=OuterRef("pk"), sent_at__isnull=False)
    unconfirmed = Case.objects.filter(state=State.FILED, has_contact=True).annotate(
        link_sent_at=Subquery(links.order_by("-sent_at").values("sent_at")[:1])
    )
    reminded = expired = 0
    for case in unconfirmed.filter(link_sent_at__lte=now - EXPIRE_AFTER).iterator(chunk_size=200):
        try:
            advance(case, Action.EXPIRE, SYSTEM)
        except MoveRefused:
            continue
        expired += 1
    sent = Effect.objects.filter(
        key=Concat(Value(RESEND_KEY_PREFIX), Cast(OuterRef("pk"), TextField()))
    )
    waiting = unconfirmed.filter(
        ~Exists(sent), link_sent_at__gt=now - EXPIRE_AFTER, link_sent_at__lte=now - REMIND_AFTER
    ).values_list("pk", flat=True)
    for pk in waiting.iterator(chunk_size=200):
        with transaction.atomic():
            enqueue(
                "identity.confirm_contact",
                key=f"{RESEND_KEY_PREFIX}{pk}",
                payload={"case": str(pk)},
            )
        reminded += 1
    if reminded or expired:
        logger.info("Unconfirmed: %s reminded, %s expired", reminded, expired)
    return reminded, expired
