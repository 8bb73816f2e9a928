"""Steps by which somebody looked, and the checkpoints that regulators keep."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.accounts.models import RegulatorAccount
from workflows.ledger.models import Event


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
