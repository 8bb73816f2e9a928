"""That a recipient of a dataset was told of a change, and has confirmed that it made it, too."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.corrections.models.manifest import PSEUDONYM_LENGTH, Manifest
from workflows.datasets.models import Recipient


class RecipientNotice(models.Model):
    """What one recipient is told of one manifest that was carried out.

    Personal data: none. The notices themselves lie sealed in the cases that the manifest serves.
    """

    class ToldBy(models.TextChoices):
        """How the recipient was told."""

        MAIL = "mail", _("by mail")
        STAFF = "staff", _("by staff")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    manifest = models.ForeignKey(
        Manifest, on_delete=models.PROTECT, related_name="recipient_notices"
    )
    recipient = models.ForeignKey(
        Recipient,
        on_delete=models.PROTECT,
        related_name="notices",
        verbose_name=_("recipient"),
    )
    # Of the secret in the mailed link; the secret itself is nowhere.
    token_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    told_at = models.DateTimeField(_("told"), null=True)
    told_by = models.CharField(_("how"), max_length=5, choices=ToldBy.choices, blank=True)
    mails = models.PositiveSmallIntegerField(_("mails"), default=0)
    mailed_at = models.DateTimeField(_("last mail"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    # The steward who took the confirmation; empty where the recipient gave it by the link.
    confirmed_by = models.CharField(_("taken by"), max_length=PSEUDONYM_LENGTH, blank=True)
    remark = models.CharField(_("remark"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("notice to a recipient")
        verbose_name_plural = _("notices to recipients")
        ordering = ["-made_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["manifest", "recipient"], name="recipient_notice_once"),
            models.CheckConstraint(
                name="told_recipient_says_how",
                condition=Q(told_at=None, told_by="") | (Q(told_at__isnull=False) & ~Q(told_by="")),
            ),
            models.CheckConstraint(
                name="confirmed_recipient_was_told",
                condition=Q(confirmed_at=None) | Q(told_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} · {self.manifest.snapshot}"
