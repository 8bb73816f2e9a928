"""How far each witness has come."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.ledger.models import VKEY_LENGTH

ERROR_LENGTH = 500


class Witness(models.Model):
    """A witness that is or was configured, and what it last answered. Personal data: none.

    Its address stands in the settings alone: no row and no form can send a request elsewhere.
    """

    vkey = models.CharField(_("key"), max_length=VKEY_LENGTH, unique=True)
    # The last checkpoint that it has signed.
    size = models.PositiveBigIntegerField(_("last size"), default=0)
    signed_at = models.DateTimeField(_("signed at"), null=True)
    asked_at = models.DateTimeField(_("last asked"), null=True)
    failures = models.PositiveIntegerField(_("failures since"), default=0)
    error = models.CharField(_("last error"), max_length=ERROR_LENGTH, blank=True, default="")

    class Meta:
        verbose_name = _("witness")
        verbose_name_plural = _("witnesses")

    @property
    def name(self) -> str:
        """The name in its key."""
        return self.vkey.partition("+")[0]
