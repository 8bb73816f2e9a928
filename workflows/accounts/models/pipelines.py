"""The programs of the provider that register snapshots, fetch manifests and post receipts."""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.accounts.models.staff import PSEUDONYM_LENGTH


def _new_pseudonym() -> str:
    return f"pipeline-{secrets.token_hex(6)}"


class TokenScope(models.TextChoices):
    """What a token opens. Each operation of the API needs one of these."""

    DATASETS_READ = "datasets:read", _("Read the register of datasets and snapshots")
    DATASETS_WRITE = "datasets:write", _("Register and change datasets and snapshots")
    MANIFESTS_READ = (
        "manifests:read",
        _("List manifests and fetch which records are to be changed, without texts about people"),
    )
    MANIFESTS_TEXTS = "manifests:texts", _("Fetch the texts of manifests: they are personal data")
    MANIFESTS_ACKNOWLEDGE = (
        "manifests:acknowledge",
        _("Post receipts for manifests, each with the snapshot that came out"),
    )
    SUPPRESSION_READ = (
        "suppression:read",
        _("Fetch the list of suppressed phrases: they can be personal data"),
    )


class PipelineToken(models.Model):
    """The right of one program to speak for data stewards within its scopes, until a date.

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
    scopes = ArrayField(
        models.CharField(max_length=32, choices=TokenScope.choices),
        default=list,
        verbose_name=_("access scopes"),
        help_text=_("What the program may do. Choose no more than it needs."),
    )
    # Keyed hash of the token; the token itself is shown once.
    token_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    # For what, and until when, the token in use was approved; more than that needs another one.
    approved_scopes = ArrayField(
        models.CharField(max_length=32), default=list, blank=True, editable=False
    )
    approved_until = models.DateTimeField(_("approved until"), null=True, editable=False)
    # Keyed hash of a token that waits for the approval of a second person and opens nothing yet.
    waiting_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    issued_by = models.CharField(_("issued by"), max_length=PSEUDONYM_LENGTH, blank=True)
    issued_at = models.DateTimeField(_("issued"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def open_scopes(self) -> list[str]:
        """What the token in use opens: what it was approved for, less what was taken off since."""
        return [scope for scope in self.scopes if scope in self.approved_scopes]
