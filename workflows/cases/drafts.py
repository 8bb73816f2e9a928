"""Drafts: what a person has typed, sealed and kept until it is sent or too old."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.cases.attachments import (
    Upload,
    check_uploads,
    kept_content,
    media_type,
    safe_name,
)
from workflows.cases.errors import InvalidFiling
from workflows.cases.filing import Filed, file_request, filed_by
from workflows.cases.filing_request import MAX_TOTAL, FilingRequest
from workflows.cases.models import Case, Draft, DraftFile
from workflows.vault import files
from workflows.vault.blind_index import keyed_hash
from workflows.vault.services import create_data_key, shred

DRAFT_KEPT_FOR = timedelta(days=30)
# In characters: what is too long for a request is kept too, so that it can be shortened.
MAX_ANSWERS = 3 * MAX_TOTAL
# After filing: long enough to load the receipt page again when the connection was lost.
FILED_DRAFT_KEPT_FOR = timedelta(hours=1)


def _digest(token: str) -> bytes:
    return keyed_hash("draft", token.encode())


def create_draft() -> tuple[Draft, str]:
    """Begin a draft; return it with the secret for the person's browser (256 bits)."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        draft = Draft.objects.create(
            data_key=create_data_key(), token_digest=_digest(token), answers={}
        )
    return draft, token


def find_draft(token: str) -> Draft | None:
    """Return the draft to which the secret belongs, or None."""
    return Draft.objects.select_related("data_key").filter(token_digest=_digest(token)).first()


def save_answers(draft: Draft, answers: dict[str, Any]) -> None:
    """Keep the answers typed so far, in place of the ones before.

    Raises `InvalidFiling`, and keeps the ones before, where they are longer than any request.
    """
    if len(json.dumps(answers, ensure_ascii=False)) > MAX_ANSWERS:
        raise InvalidFiling({"answers": [_("This is more text than can be kept. Shorten it.")]})
    draft.answers = answers
    draft.save()


def add_draft_file(draft: Draft, upload: Upload) -> DraftFile:
    """Keep a file with the draft. Raises `InvalidFiling` for one that cannot be taken."""
    errors = check_uploads((upload,), already=draft.files.count())
    if not errors and _kept_bytes() + len(upload.content) > settings.DRAFT_FILES_MAX_BYTES:
        errors = {
            "attachments": [
                _(
                    "No file can be taken at the moment. What you typed is kept: try later, or "
                    "send the request without it and add it afterwards with your receipt."
                )
            ]
        }
    if errors:
        raise InvalidFiling(errors)
    content = kept_content(upload.content)
    with transaction.atomic():
        return DraftFile.objects.create(
            draft=draft,
            file=files.store(draft.data_key, content),
            details={
                "name": safe_name(upload.name, media_type(content)),
                "size": len(content),
            },
        )


def _kept_bytes() -> int:
    """Return the bytes of the files of all drafts: anybody can begin one, and fill the disk."""
    kept: int = DraftFile.objects.aggregate(bytes=Sum("file__size", default=0))["bytes"]
    return kept


def remove_draft_file(draft: Draft, file_id: str) -> None:
    """Take a file out of the draft again; does nothing when it is not there."""
    for kept in draft.files.filter(pk=file_id).select_related("file"):
        files.delete(kept.file)


def draft_uploads(draft: Draft) -> tuple[Upload, ...]:
    """Return the draft's files as uploads, for filing."""
    return tuple(
        Upload(name=kept.details["name"], content=b"".join(files.read(kept.file)))
        for kept in draft.files.select_related("file", "draft__data_key")
    )


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

    The draft then belongs to its case, and goes with it. Raises `InvalidFiling`, and then keeps
    the draft as it is, and `Draft.DoesNotExist` for one that was forgotten.
    """
    with transaction.atomic():
        kept = Draft.objects.select_for_update().only("filed_at").get(pk=draft.pk)
        filed = file_request(request, attempt=token, uploads=draft_uploads(draft))
        if kept.filed_at is None:
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
    stale = Q(changed_at__lt=now - DRAFT_KEPT_FOR) | Q(filed_at__lt=now - FILED_DRAFT_KEPT_FOR)
    purged = 0
    for draft in Draft.objects.filter(stale).select_related("data_key"):
        discard_draft(draft)
        purged += 1
    return purged
