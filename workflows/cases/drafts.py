"""Drafts: what a person has typed, sealed and kept until it is sent or too old."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.cases.access import Throttled, reserve
from workflows.cases.admission import (
    AdmissionNeeded,
    consume_admission,
    kept_bytes,
    load_level,
    require_admission,
    storage_load_level,
)
from workflows.cases.attachments import (
    Upload,
    check_uploads,
    kept_content,
    media_type,
    safe_name,
)
from workflows.cases.errors import InvalidFiling
from workflows.cases.filing import FilingResult, file_request, filed_by
from workflows.cases.filing_request import MAX_TOTAL, FilingRequest
from workflows.cases.models import Case, Draft, DraftFile, Purpose
from workflows.vault import files
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

# A draft may be sent so much an hour, what was taken out again counted too.
QUOTA_IN_FULL_DRAFTS = 2
# Files that came within this time are in use, whatever else is done.
NEW_FOR = timedelta(minutes=15)
# So are those of a draft that somebody is writing, if they came within the hour.
IN_USE_FOR = timedelta(hours=1)
# Where the room is more than half full, files are kept for so long without being sent.
FILES_KEPT_FOR = timedelta(hours=6)
_LOCK = 7_201_946_131


def full_draft() -> int:
    """Return the bytes of the largest files that a draft may have together."""
    return int(settings.ATTACHMENT_MAX_COUNT * settings.ATTACHMENT_MAX_BYTES)


def add_draft_file(draft: Draft, upload: Upload, now: datetime | None = None) -> DraftFile:
    """Keep a file with the draft.

    Raises `InvalidFiling` for one that cannot be taken, and `AdmissionNeeded` where the draft must
    be let in first.
    """
    now = now or timezone.now()
    _refuse(check_uploads((upload,), already=draft.files.count()).get("attachments"))
    content = kept_content(upload.content)
    with transaction.atomic():
        # One after the other, so that two do not take the same room.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        purge_draft_files(now)
        require_admission(draft, Purpose.FILES)
        _refuse(_beyond_quota(draft, len(content), now))
        would_hold = len(content) + _bytes_of(draft)
        # Drafts are many: what each of them holds is looked at only where it matters.
        crowded = storage_load_level(kept_bytes() + len(content)) > 0
        others = _held_by_others(draft) if crowded else []
        _refuse(_beyond_share(would_hold, others, now))
        if not _make_room(len(content), would_hold, others, now):
            sentence = _(
                "No file can be taken at the moment. What you typed is kept: try later, or "
                "send the request without it and add it afterwards with your receipt."
            )
            _refuse([sentence])
        if draft.files_let_go_at:
            draft.files_let_go_at = None
            draft.save(update_fields=["files_let_go_at"])
        return DraftFile.objects.create(
            draft=draft,
            added_at=now,
            file=files.store(draft.data_key, content),
            details={
                "name": safe_name(upload.name, media_type(content)),
                "size": len(content),
            },
        )


def _refuse(sentences: list[str] | None) -> None:
    if sentences:
        raise InvalidFiling({"attachments": sentences})


def _beyond_quota(draft: Draft, size: int, now: datetime) -> list[str]:
    hour = timedelta(hours=1)
    cost = hour * (size / (QUOTA_IN_FULL_DRAFTS * full_draft()))
    try:
        reserve(f"draft.files.{draft.pk}", cost, most=hour, now=now)
    except Throttled:
        return [_("Too many files were sent for this request within an hour. Try later.")]
    return []


def _bytes_of(draft: Draft) -> int:
    return draft.files.aggregate(bytes=Sum("file__size"))["bytes"] or 0


def _beyond_share(would_hold: int, others: list["_Held"], now: datetime) -> list[str]:
    """Look whether a draft would hold too much while others use more than half of the room."""
    level = storage_load_level(sum(held.size for held in others if held.is_in_use(now)))
    # At each level a fifth of the share before, so that the last room is for many.
    share = settings.ATTACHMENT_MAX_BYTES // 5 ** (level - 1)
    if level == 0 or would_hold <= share:
        return []
    return [
        _(
            "There is little room for files at the moment: a request may have %(size)s KB of them"
            " together. Send the others afterwards, with your receipt."
        )
        % {"size": share // 1024}
    ]


def remove_draft_file(draft: Draft, file_id: str) -> None:
    """Take a file out of the draft again; does nothing when it is not there."""
    for kept in draft.files.filter(pk=file_id).select_related("file"):
        files.delete(kept.file)


def remove_draft_files(draft: Draft) -> None:
    """Take all files out of a draft."""
    for kept in draft.files.select_related("file"):
        files.delete(kept.file)


def draft_uploads(draft: Draft) -> tuple[Upload, ...]:
    """Return the draft's files as uploads, for filing."""
    return tuple(
        Upload(name=kept.details["name"], content=b"".join(files.read(kept.file)))
        for kept in draft.files.select_related("file", "draft__data_key")
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """What one draft holds of the room, since when, and when somebody last wrote in it."""

    draft: Draft
    size: int
    since: datetime

    def is_in_use(self, now: datetime) -> bool:
        is_written = self.draft.changed_at > now - NEW_FOR
        return self.is_new(now) or (is_written and self.since > now - IN_USE_FOR)

    def is_new(self, now: datetime) -> bool:
        return self.since > now - NEW_FOR


def _held_by_others(draft: Draft) -> list[_Held]:
    """Return what other drafts hold, the oldest first."""
    return [held for held in _all_held() if held.draft.pk != draft.pk]


def _all_held() -> list[_Held]:
    holding = (
        Draft.objects.filter(files__isnull=False)
        .annotate(size=Sum("files__file__size"), since=Max("files__added_at"))
        .defer("answers")
        .order_by("since")
    )
    return [_Held(each, each.size, each.since) for each in holding]


def _make_room(size: int, would_hold: int, others: list[_Held], now: datetime) -> bool:
    """Let files of others go until there is room for so much more; return whether there is.

    First those that nobody is using, the oldest first. Then what holds more than this draft would,
    the largest first: who wants little is not shut out by who keeps much. Files that just came are
    not touched.
    """
    missing = kept_bytes() + size - settings.DRAFT_FILES_MAX_BYTES
    if missing <= 0:
        return True
    chosen: list[Draft] = []
    for held in _giving_way(others, would_hold, now):
        if not _is_free(held.draft):
            continue
        chosen.append(held.draft)
        missing -= held.size
        if missing <= 0:
            for each in chosen:
                _let_go(each, now)
            return True
    return False


def _is_free(draft: Draft) -> bool:
    """Lock a draft; return False for one in which something is being done at this moment."""
    drafts = Draft.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=draft.pk)
    return drafts.values("pk").first() is not None


def _giving_way(others: list[_Held], would_hold: int, now: datetime) -> Iterator[_Held]:
    yield from (held for held in others if not held.is_in_use(now))
    larger = (held for held in others if held.is_in_use(now) and not held.is_new(now))
    yield from sorted(
        (held for held in larger if held.size > would_hold), key=lambda held: -held.size
    )


def _let_go(draft: Draft, now: datetime) -> None:
    """Delete the files of a draft, which says so on its page; when it was written stays."""
    remove_draft_files(draft)
    Draft.objects.filter(pk=draft.pk).update(files_let_go_at=now)


def purge_draft_files(now: datetime | None = None) -> int:
    """Let old files of unsent requests go where the room is more than half full; return how many.

    The oldest go first, and no more than it takes.
    """
    now = now or timezone.now()
    surplus = kept_bytes() - settings.DRAFT_FILES_MAX_BYTES // 2
    purged = 0
    if surplus <= 0:
        return 0
    for held in _all_held():
        if surplus <= 0 or held.since > now - FILES_KEPT_FOR:
            break
        with transaction.atomic():
            if not _is_free(held.draft):
                continue
            _let_go(held.draft, now)
        surplus -= held.size
        purged += 1
    return purged


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
            awaits_admission=load_level(Purpose.BEGIN) > 0,
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
        consume_admission(draft, Purpose.BEGIN)
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


def file_draft(draft: Draft, token: str, request: FilingRequest) -> FilingResult:
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
            admit=lambda: consume_admission(draft, Purpose.SEND),
        )
        if kept.filed_at is None:
            # They are with the case now, and the room for unsent ones is for others.
            remove_draft_files(draft)
            draft.case, draft.filed_at = filed.case, timezone.now()
            draft.save(update_fields=["case", "filed_at"])
    return filed


def filed_draft(draft: Draft, token: str) -> FilingResult | None:
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
