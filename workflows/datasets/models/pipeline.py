"""The programs of the provider that register snapshots, fetch manifests and post receipts."""

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.datasets.models.dataset import PSEUDONYM_LENGTH


def _new_pseudonym() -> str:
    return f"pipeline-{secrets.token_hex(6)}"


class PipelineToken(models.Model):
    """The right of one program to speak for data stewards, until a date.

    Personal data: none; who issued it stands by their pseudonym.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    # How the log calls the program.
    pseudonym = models.CharField(
        _("pseudonym"),
        max_length=PSEUDONYM_LENGTH,
        unique=True,
        default=_new_pseudonym,
        editable=False,
    )
    # Keyed hash of the token; the token itself is shown once.
    token_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    issued_by = models.CharField(_("issued by"), max_length=PSEUDONYM_LENGTH, blank=True)
    issued_at = models.DateTimeField(_("issued"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
