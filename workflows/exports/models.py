"""The exports that regulators ask for."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
