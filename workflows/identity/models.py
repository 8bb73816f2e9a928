"""Challenges: secrets sent to a contact so that it can be confirmed."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Case


class ContactChallenge(models.Model):
    """A link mailed to the requester, which confirms their contact once.

    Personal data: none; only the keyed hash of the secret is stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="contact_challenges")
    token_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    # When the mail server took the mail; an older link ends then.
    sent_at = models.DateTimeField(_("sent"), null=True)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True)

    class Meta:
        verbose_name = _("contact challenge")
        verbose_name_plural = _("contact challenges")
        ordering = ["sent_at"]
