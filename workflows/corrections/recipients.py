"""Recipients of a dataset: told of each change that was carried out, and asked to confirm theirs.

When the re-scan of a manifest finds nothing, whoever was given the dataset, or a snapshot that the
changed one came out of, gets a notice. It is confirmed by the link in the mail, or by hand.
"""

import base64
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import PUBLIC, SYSTEM, Actor
from workflows.cases.transition import append_case_event
from workflows.common.errors import DomainError, Refused
from workflows.common.inputs import require_text
from workflows.corrections.lineage import related_versions
from workflows.corrections.models import Manifest, RecipientNotice
from workflows.corrections.receipts import STEWARDS
from workflows.corrections.transition import cases_of
from workflows.datasets.models import Recipient
from workflows.outbox.models import Effect
from workflows.outbox.services import enqueue
from workflows.vault.blind_index import keyed_hash, keyed_hashes

TELL = "corrections.tell_recipient"
REMIND_AFTER = timedelta(days=14)
# The first mail and so many reminders; then staff have to ask by another way.
MOST_MAILS = 4
VALID_FOR = timedelta(days=90)
_PURPOSE = "recipient.token"
_REMARK = 500


class InvalidLink(DomainError):
    """The link is unknown, used or too old; says the same in each case."""

    def __init__(self) -> None:
        super().__init__(
            _("This link is not valid any more. It may have been used already, or be too old.")
        )


def token_of(notice: RecipientNotice) -> str:
    """Return the secret for the link of a notice.

    It is derived, so that a mail sent again after a crash, or a reminder, has the same link: under
    the index key of the first mail while that one is known. Else the link is another from now on.
    """
    tokens = _tokens(notice.pk)
    for token in tokens:
        if bytes(notice.token_digest) in keyed_hashes(_PURPOSE, token.encode()):
            return token
    notice.token_digest = keyed_hash(_PURPOSE, tokens[0].encode())
    notice.save(update_fields=["token_digest"])
    return tokens[0]


def _tokens(pk: UUID) -> list[str]:
    """Return the secret under the current index key, then under former ones."""
    derived = keyed_hashes("recipient.link", pk.bytes)
    return [base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in derived]


def recipients_of(manifest: Manifest) -> list[Recipient]:
    """Return who was given the dataset as a whole, or a snapshot that is as it was before."""
    members = [m for m in related_versions(manifest.snapshot) if m.pk != manifest.result_id]
    given = Recipient.objects.filter(dataset=manifest.snapshot.dataset_id)
    return list(given.filter(Q(snapshot=None) | Q(snapshot__in=members)).order_by("pk"))


def tell_recipients(manifest: Manifest) -> None:
    """Have all recipients told; call in the transaction in which a manifest is verified."""
    for recipient in recipients_of(manifest):
        pk = uuid4()
        notice, _created = RecipientNotice.objects.get_or_create(
            manifest=manifest,
            recipient=recipient,
            defaults={
                "pk": pk,
                "token_digest": keyed_hash(_PURPOSE, _tokens(pk)[0].encode()),
            },
        )
        _enqueue(notice, "0")


def _enqueue(notice: RecipientNotice, turn: str) -> None:
    enqueue(TELL, key=f"{TELL}:{notice.pk}:{turn}", payload={"id": str(notice.pk)})


def mailed(notice: RecipientNotice) -> None:
    """Record that a mail went to the recipient; call in the transaction of its effect."""
    now = timezone.now()
    first = notice.told_at is None
    notice.mails, notice.mailed_at = notice.mails + 1, now
    if first:
        notice.told_at, notice.told_by = now, RecipientNotice.ToldBy.MAIL
    notice.save(update_fields=["mails", "mailed_at", "told_at", "told_by"])
    name = "recipient.notified" if first else "recipient.reminded"
    _record(notice, name, SYSTEM, {"by": str(RecipientNotice.ToldBy.MAIL)})


def record_told(notice: RecipientNotice, actor: Actor, how: str) -> None:
    """Record that staff told a recipient, and how; the log holds a commitment to the words.

    Raises `Refused`, `InvalidInput`.
    """
    _require_steward(actor)
    how = require_text(how)[:_REMARK]
    with transaction.atomic():
        locked = _locked(notice)
        if locked.told_at is not None:
            raise Refused(_("This recipient was told already."))
        locked.told_at, locked.told_by = timezone.now(), RecipientNotice.ToldBy.STAFF
        locked.remark = how
        locked.save(update_fields=["told_at", "told_by", "remark"])
        by = str(RecipientNotice.ToldBy.STAFF)
        _record(locked, "recipient.notified", actor, {"by": by}, remark=how)


def record_confirmation(notice: RecipientNotice, actor: Actor, how: str) -> None:
    """Record that a recipient has confirmed by another way than the link, and how.

    The log holds a commitment to the words. Raises `Refused`, `InvalidInput`.
    """
    _require_steward(actor)
    how = require_text(how)[:_REMARK]
    with transaction.atomic():
        locked = _locked(notice)
        if locked.told_at is None:
            raise Refused(_("This recipient was not told yet."))
        if locked.confirmed_at is not None:
            raise Refused(_("This recipient has confirmed already."))
        locked.confirmed_at, locked.confirmed_by = timezone.now(), actor.pseudonym
        locked.remark = how
        locked.save(update_fields=["confirmed_at", "confirmed_by", "remark"])
        _record(locked, "recipient.confirmed", actor, {"by": "staff"}, remark=how)


def find_notice(token: str) -> RecipientNotice:
    """Return the notice behind a mailed link while it waits; changes nothing.

    Raises `InvalidLink`.
    """
    notice = (
        RecipientNotice.objects.filter(
            token_digest__in=keyed_hashes(_PURPOSE, token.encode()),
            confirmed_at=None,
            mailed_at__gt=timezone.now() - VALID_FOR,
        )
        .select_related("recipient", "manifest__data_key", "manifest__snapshot__dataset")
        .first()
    )
    if notice is None:
        raise InvalidLink
    return notice


def confirm(token: str) -> RecipientNotice:
    """Take the confirmation of a recipient by the link that was mailed, once.

    Raises `InvalidLink`.
    """
    with transaction.atomic():
        notice = find_notice(token)
        waiting = RecipientNotice.objects.filter(pk=notice.pk, confirmed_at=None)
        if not waiting.update(confirmed_at=timezone.now()):
            raise InvalidLink
        _record(notice, "recipient.confirmed", PUBLIC, {"by": "recipient"})
    return notice


def sweep_recipients(now: datetime | None = None) -> int:
    """Have those told again who have not confirmed for two weeks, and those who now have a mail.

    Returns how many mails were asked for; any number of sweeps at once ask for each once.
    """
    now = now or timezone.now()
    # What waits for the next day, because of the day's limit, is not asked for once more.
    asked_for = Effect.objects.filter(kind=TELL, state=Effect.State.PENDING)
    under_way = list(asked_for.values_list("payload__id", flat=True))
    waiting = RecipientNotice.objects.filter(confirmed_at=None).exclude(recipient__email="")
    waiting = waiting.exclude(pk__in=under_way)
    silent = waiting.filter(mailed_at__lte=now - REMIND_AFTER, mails__lt=MOST_MAILS)
    # Nobody could mail them at first; their address was entered later.
    untold = waiting.filter(told_at=None, made_at__lte=now - timedelta(hours=1))
    asked = 0
    with transaction.atomic():
        for notice in silent:
            _enqueue(notice, str(notice.mails))
            asked += 1
        for notice in untold:
            _enqueue(notice, "late")
            asked += 1
    return asked


def _require_steward(actor: Actor) -> None:
    if not actor.roles & STEWARDS:
        raise Refused(_("Only data stewards keep record of what recipients were told."))


def _locked(notice: RecipientNotice) -> RecipientNotice:
    return RecipientNotice.objects.select_for_update(of=("self",)).get(pk=notice.pk)


def _record(
    notice: RecipientNotice, name: str, actor: Actor, facts: dict[str, str], remark: str = ""
) -> None:
    """Append a step to each case of the manifest; of an erased one no words are kept."""
    for case in cases_of(notice.manifest):
        append_case_event(
            case,
            name,
            role=actor.role,
            pseudonym=actor.pseudonym,
            facts={
                "manifest": str(notice.manifest_id),
                "recipient": notice.recipient_id,
                **facts,
            },
            contents={"remark": remark} if remark and case.erased_at is None else None,
        )
