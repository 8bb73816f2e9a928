"""The search index of a snapshot: another copy of personal data, so it is in the register."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.datasets.models.snapshot import Snapshot


class SearchIndex(models.Model):
    """An index for interactive look-ups, in a folder of its own below `settings.INDEX_ROOT`.

    Personal data: none in this row; the folder holds the texts' words and is deleted with it.
    """

    class State(models.TextChoices):
        """How far the index is."""

        WAITING = "waiting", _("Waiting to be built")
        BUILDING = "building", _("Being built")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    snapshot = models.OneToOneField(
        Snapshot,
        on_delete=models.CASCADE,
        related_name="search_index",
        verbose_name=_("snapshot"),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    bytes_done = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(_("size in bytes"), null=True, blank=True)
    records = models.PositiveBigIntegerField(_("records"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    requested_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    built_at = models.DateTimeField(_("built"), null=True, blank=True)

    class Meta:
        verbose_name = _("search index")
        verbose_name_plural = _("search indexes")
        ordering = ["-requested_at"]

    def __str__(self) -> str:
        return str(self.snapshot)
