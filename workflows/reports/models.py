"""Regulators' accounts, the exports they ask for, and the checkpoints they kept."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.ledger.models import Event


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


class BundleJob(models.Model):
    """One export that a regulator asked for.

    Personal data: the link to who asked. The file itself lies in `MEDIA_ROOT/bundles/` and holds
    the personal contents that this regulator may see; it is deleted when it expires, or when a
    case that it may hold is erased.
    """

    class State(models.TextChoices):
        """How far the export is."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    regime = models.CharField(_("regime"), max_length=10)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bundle_jobs"
    )
    # What was chosen, as `BundleFilters` writes it.
    filters = models.JSONField(_("filters"), default=dict)
    # Which forms besides CSV and JSON Lines, as values of `Format`.
    formats = models.JSONField(_("formats"), default=list)
    # The age recipient to whom the file is encrypted; empty for a plain ZIP.
    recipient = models.CharField(_("encrypted to"), max_length=100, blank=True)
    # The last checkpoint that the regulator holds, from which the export proves consistency.
    previous = models.TextField(_("previous checkpoint"), blank=True)
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    # Cases and steps written, out of all of them.
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("in all"), default=0)
    # The event by which the log knows this export, once the tables are written.
    event = models.UUIDField(null=True, editable=False)
    size = models.PositiveBigIntegerField(_("size in bytes"), null=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    log_size = models.PositiveBigIntegerField(_("log size"), null=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-created_at"]

    @property
    def state_now(self) -> State:
        """The state; a file whose time is over is not kept any more, whether swept away or not."""
        over = self.expires_at is not None and self.expires_at <= timezone.now()
        if self.state == self.State.READY and over:
            return self.State.EXPIRED
        return self.State(self.state)


class AccessEvent(Event):
    """A step of the log by which somebody looked at something; see `access_log`.

    Personal data: none beyond what the log holds.
    """

    class Meta:
        proxy = True
        verbose_name = _("look")
        verbose_name_plural = _("access log")
        default_permissions = ("view",)


class KeptCheckpoint(models.Model):
    """The last checkpoint that a regulator keeps: each later export must extend it.

    Personal data: the link to the account.
    """

    account = models.ForeignKey(
        RegulatorAccount, on_delete=models.CASCADE, related_name="kept_checkpoints"
    )
    size = models.PositiveBigIntegerField(_("log size"))
    note = models.TextField(_("signed checkpoint"))
    kept_at = models.DateTimeField(_("kept"), auto_now_add=True)

    class Meta:
        verbose_name = _("kept checkpoint")
        verbose_name_plural = _("kept checkpoints")
        ordering = ["-size"]
