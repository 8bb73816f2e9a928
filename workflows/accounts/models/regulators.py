"""Accounts of regulators, and the tokens of their programs."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RegulatorAccount(models.Model):
    """Ties an account to the one regime whose cases it may see, until a date.

    Personal data: the link to the account of a regulator's officer.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="regulator"
    )
    regime = models.CharField(_("regime"), max_length=10)
    authority = models.CharField(_("authority"), max_length=120)
    # Nothing until a second person has approved what this account may see.
    expires_at = models.DateTimeField(_("expires"), null=True)
    # The public key to which exports are encrypted when the regulator asks for that.
    age_recipient = models.CharField(_("age recipient"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("regulator account")
        verbose_name_plural = _("regulator accounts")
        ordering = ["regime", "authority"]

    def __str__(self) -> str:
        return f"{self.regime} · {self.authority}"


class RegulatorToken(models.Model):
    """A token with which a program of a regulator reads over the API, once it is approved.

    Personal data: the link to the account.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(RegulatorAccount, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    # Keyed hash of the token; the token itself is shown once, to the regulator.
    token_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    approved_at = models.DateTimeField(_("approved"), null=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("API token of a regulator")
        verbose_name_plural = _("API tokens of regulators")
        ordering = ["-created_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @property
    def has_ended(self) -> bool:
        """Whether it was revoked or its time is over."""
        return self.revoked_at is not None or self.expires_at <= timezone.now()
