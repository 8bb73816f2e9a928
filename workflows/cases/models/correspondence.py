"""What is written and sent on a case, and the contents behind the commitments of the log."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models.case import Case, OfCase
from workflows.vault.fields import SealedJSON, SealedText
from workflows.vault.models import StoredFile


class Message(OfCase):
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


class Attachment(OfCase):
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


class EventContent(OfCase):
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
