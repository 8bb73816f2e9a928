"""Drafts: what a person has typed, sealed and kept until it is sent or too old."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.cases.admission import AdmissionNeeded, enter, load
from workflows.cases.draft_files import draft_uploads, remove_draft_files
from workflows.cases.errors import InvalidFiling
from workflows.cases.filing import Filed, file_request, filed_by
from workflows.cases.filing_request import MAX_TOTAL, FilingRequest
from workflows.cases.models import Case, Draft, Purpose
from workflows.vault.blind_index import keyed_hash, keyed_hashes
from workflows.vault.services import create_data_key, shred

DRAFT_KEPT_FOR = timedelta(days=30)
# In characters: what is too long for a request is kept too, so that it can be shortened.
MAX_ANSWERS = 3 * MAX_TOTAL
# After filing: long enough to load the receipt page again when the connection was lost.
FILED_DRAFT_KEPT_FOR = timedelta(hours=1)
# A draft in which nothing could be typed yet.
AWAITING_DRAFT_KEPT_FOR = timedelta(hours=2)
_PURPOSE = "draft"


def create_draft() -> tuple[Draft, str]:
    """Begin a draft; return it with the secret for the person's browser (256 bits).

    Where many are begun, nothing can be kept in it until it was let in.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        draft = Draft.objects.create(
            data_key=create_data_key(),
            token_digest=keyed_hash(_PURPOSE, token.encode()),
            answers={},
            awaits_admission=load(Purpose.BEGIN) > 0,
        )
    return draft, token


def find_draft(token: str) -> Draft | None:
    """Return the draft to which the secret belongs, or None."""
    digests = keyed_hashes(_PURPOSE, token.encode())
    return Draft.objects.select_related("data_key").filter(token_digest__in=digests).first()


def open_draft(draft: Draft) -> None:
    """Let a draft be written that was begun while many were, once it was let in.

    Raises `AdmissionNeeded` or `NotYet`.
    """
    with transaction.atomic():
        enter(draft, Purpose.BEGIN)
        draft.awaits_admission = False
        draft.save(update_fields=["awaits_admission"])


def save_answers(draft: Draft, answers: dict[str, Any]) -> None:
    """Keep the answers typed so far, in place of the ones before.

    Raises `InvalidFiling`, and keeps the ones before, where they are longer than any request, and
    `AdmissionNeeded` where the draft was not let in.
    """
    if draft.awaits_admission:
        raise AdmissionNeeded(Purpose.BEGIN)
    if len(json.dumps(answers, ensure_ascii=False)) > MAX_ANSWERS:
        raise InvalidFiling({"answers": [_("This is more text than can be kept. Shorten it.")]})
    draft.answers = answers
    draft.save()


def discard_draft(draft: Draft) -> None:
    """Forget a draft with its key and its files; one that is forgotten already is no error."""
    with transaction.atomic():
        known = Draft.objects.select_for_update(of=("self",)).select_related("data_key")
        locked = known.filter(pk=draft.pk).first()
        if locked is None:
            return
        key = locked.data_key
        shred(key)
        locked.delete()
        key.delete()


def discard_draft_of(case: Case) -> None:
    """Forget the draft from which a case was filed, where it is still kept."""
    for draft in Draft.objects.filter(case=case):
        discard_draft(draft)


def file_draft(draft: Draft, token: str, request: FilingRequest) -> Filed:
    """File what the draft holds, with its files; again gives the same case and receipt.

    The draft then belongs to its case, and goes with it. Raises `InvalidFiling`, `AdmissionNeeded`
    or `NotYet`, and then keeps the draft as it is, and `Draft.DoesNotExist` for one that was
    forgotten.
    """
    with transaction.atomic():
        kept = Draft.objects.select_for_update().only("filed_at").get(pk=draft.pk)
        filed = file_request(
            request,
            attempt=token,
            uploads=draft_uploads(draft),
            admit=lambda: enter(draft, Purpose.SEND),
        )
        if kept.filed_at is None:
            # They are with the case now, and the room for unsent ones is for others.
            remove_draft_files(draft)
            draft.case, draft.filed_at = filed.case, timezone.now()
            draft.save(update_fields=["case", "filed_at"])
    return filed


def filed_draft(draft: Draft, token: str) -> Filed | None:
    """Return the case of a draft that was filed, with its receipt; None for any other.

    Files nothing, whatever has become of the case.
    """
    return filed_by(token) if draft.filed_at else None


def purge_drafts(now: datetime | None = None) -> int:
    """Forget drafts that were filed or that nobody has changed for long; return how many."""
    now = now or timezone.now()
    stale = (
        Q(changed_at__lt=now - DRAFT_KEPT_FOR)
        | Q(filed_at__lt=now - FILED_DRAFT_KEPT_FOR)
        | Q(awaits_admission=True, created_at__lt=now - AWAITING_DRAFT_KEPT_FOR)
    )
    purged = 0
    for draft in Draft.objects.filter(stale).select_related("data_key"):
        discard_draft(draft)
        purged += 1
    return purged
