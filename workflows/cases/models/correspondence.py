"""What is written and sent on a case, and what is kept around that.

Messages, files and drafts; the contents behind the commitments of the log; the pseudonyms of staff;
the counts and keys that hold back too many mails, wrong receipts and repeated filings.
"""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.cases.models.case import Case, CaseOwnedModel
from workflows.vault.fields import SealedJSON, SealedModel, SealedText
from workflows.vault.models import DataKey, StoredFile


class Message(CaseOwnedModel):
    """A message between the person and the provider. Personal data: the body, sealed."""

    class Kind(models.TextChoices):
        """What the message is for."""

        MESSAGE = "message", _("Message")
        IDENTITY_REQUEST = "identity_request", _("Request for proof of identity")
        INFORMATION_REQUEST = "information_request", _("Request for information")
        FEE = "fee", _("Notice of a fee")
        EXTENSION = "extension", _("Notice of extension")
        ANSWER = "answer", _("Answer")
        CONTEST = "contest", _("Objection to the answer")
        COMPLAINT = "complaint", _("Complaint")
        NOTICE = "notice", _("Notice")
        NOTE = "note", _("Internal note")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.MESSAGE)
    from_person = models.BooleanField(_("from the person"))
    # Stable pseudonym of the member of staff who wrote; empty for the person and the system.
    author = models.CharField(_("author"), max_length=32, blank=True)
    body = SealedText(_("text"), default="")
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["sent_at"]


class Attachment(CaseOwnedModel):
    """A file that came with the case. Personal data: file and file name, both sealed.

    Where the portal has a scanner, one of the person is locked until it was found clean.
    """

    class Scan(models.TextChoices):
        """What the malware scan said; a file of ours, or without a scanner, is not scanned."""

        NONE = "none", _("Not scanned")
        WAITING = "waiting", _("Waits for the malware scan")
        CLEAN = "clean", _("No malware found")
        INFECTED = "infected", _("Holds malware")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, related_name="+")
    name = SealedText(_("file name"), default="")
    media_type = models.CharField(_("type"), max_length=60)
    size = models.PositiveIntegerField(_("size in bytes"))
    from_person = models.BooleanField(_("from the person"), default=True)
    added_at = models.DateTimeField(_("added"))
    scan = models.CharField(
        _("malware scan"), max_length=10, choices=Scan.choices, default=Scan.NONE
    )
    malware = models.CharField(_("malware"), max_length=100, blank=True, default="")

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["added_at", "id"]

    @property
    def is_locked(self) -> bool:
        """Whether nobody may have the file: it was not judged yet, or it holds malware."""
        return self.scan in (self.Scan.WAITING, self.Scan.INFECTED)


class EventContent(CaseOwnedModel):
    """What a commitment in the log stands for: `{"nonce": hex, "content": …}`, sealed.

    Deleted with the key of the case at erasure; the log then proves only that something stood.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="contents")
    event = models.UUIDField(_("event"))
    name = models.CharField(_("name"), max_length=30)
    opening = SealedJSON(_("opening"), default=dict)

    class Meta:
        verbose_name = _("event content")
        verbose_name_plural = _("event contents")
        constraints = [
            models.UniqueConstraint(fields=["event", "name"], name="one_content_a_name"),
        ]


class Draft(SealedModel):
    """What a person has typed so far, kept so that a lost connection loses nothing.

    Personal data: everything typed, sealed with a key of its own; deleted shortly after the
    request is filed, at the latest when its case is erased, or after a month without a change.
    `token_digest` is the keyed hash of the secret that the person's browser holds.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    token_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    answers = SealedJSON(_("answers"), default=dict)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    # Begun while very many were: nothing can be kept in it until its person was let in.
    awaits_admission = models.BooleanField(default=False)
    # When its files were deleted to make room for those of others; None when they were not.
    files_let_go_at = models.DateTimeField(null=True)
    # Kept for a short while after filing, so that a lost receipt page can be shown again; never
    # longer than the case that it became.
    filed_at = models.DateTimeField(null=True)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, null=True, related_name="draft")

    @property
    def sealing_key(self) -> DataKey:
        """Return the key of the draft."""
        return self.data_key


class DraftFile(SealedModel):
    """A file chosen for a draft. Personal data: file and name, sealed with the draft's key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, related_name="+")
    details = SealedJSON(_("details"), default=dict)
    added_at = models.DateTimeField(default=timezone.now)

    @property
    def sealing_key(self) -> DataKey:
        """Return the key of the draft."""
        return self.draft.data_key


class AccessThrottle(models.Model):
    """When the next wrong receipt may be tried for one case number, or for all of them.

    Each wrong try moves `free_at` on by one interval; how far it may lie ahead is the burst.
    Personal data: none, the typed number stands as a keyed hash; deleted after a day.
    """

    key_digest = models.BinaryField(max_length=32, unique=True)
    free_at = models.DateTimeField(db_index=True)


class IdempotencyKey(models.Model):
    """Remembers which case one attempt to file has made, so that a repeat makes no second one.

    Personal data: none; the caller's key and the body are stored as keyed hashes. The receipt is
    derived from both, so a repeat can be given it again although it is stored nowhere.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    body_digest = models.BinaryField(max_length=32)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
