"""A look-up of people in the registered snapshots, and its progress shard by shard."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Case
from workflows.datasets.models.dataset import PSEUDONYM_LENGTH
from workflows.datasets.models.snapshot import Snapshot


class LookupRun(models.Model):
    """One pass over every readable snapshot, or over a new version of one.

    It is made for one case or for all open ones together.

    Personal data: none; what is looked for stands with the cases, sealed.
    """

    class Reason(models.TextChoices):
        """Why the pass is made."""

        REVIEW = "review", _("The review began")
        STAFF = "staff", _("Asked for by staff")
        SPELLING = "spelling", _("Another spelling was added")
        NIGHTLY = "nightly", _("Nightly, for all open cases")
        VERSION = "version", _("A new version of the data was registered")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # None: all open cases together.
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, related_name="lookup_runs")
    # None: every readable one.
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.CASCADE, null=True, related_name="lookup_runs"
    )
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    requested_by = models.CharField(_("asked for by"), max_length=PSEUDONYM_LENGTH, blank=True)
    # How many times as many weak places of each shard are kept as otherwise, of this case.
    pages = models.PositiveIntegerField(default=1)
    requested_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    # When its shards were known; until then it waits.
    started_at = models.DateTimeField(_("begun"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("look-up")
        verbose_name_plural = _("look-ups")
        ordering = ["-requested_at"]
        constraints = [
            # A second pass for the same people at the same time would find nothing else.
            models.UniqueConstraint(
                fields=["case", "snapshot"],
                condition=Q(finished_at=None),
                nulls_distinct=False,
                name="one_lookup_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} · {self.requested_at:%Y-%m-%d %H:%M}"


class ShardScan(models.Model):
    """One shard of a run: a piece of a file that one task reads from beginning to end.

    Personal data: none.
    """

    class State(models.TextChoices):
        """How far the shard is."""

        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Searched")
        FAILED = "failed", _("Could not be searched")

    run = models.ForeignKey(LookupRun, on_delete=models.CASCADE, related_name="scans")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="scans")
    # The shard is the one of this number among those of the snapshot, which never changes.
    number = models.PositiveIntegerField()
    file = models.CharField(_("file"), max_length=500)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    # A code of `problems.SENTENCES` when it failed.
    problem = models.CharField(_("problem"), max_length=40, blank=True)
    bytes = models.PositiveBigIntegerField(_("bytes read"), default=0)
    seconds = models.FloatField(_("seconds"), default=0)
    strong = models.PositiveIntegerField(_("strong hits"), default=0)
    weak = models.PositiveIntegerField(_("weak hits"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("shard")
        verbose_name_plural = _("shards")
        ordering = ["snapshot", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "snapshot", "number"], name="shard_once_in_a_run"
            ),
        ]


class PlacesNotKept(models.Model):
    """Of a case more weak places were counted in a shard than were kept for people to judge.

    There is none where all were kept. Personal data: none; these are numbers.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="places_not_kept")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="+")
    # The shard, as in a scan.
    number = models.PositiveIntegerField()
    counted = models.PositiveIntegerField()
    kept = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("places that were not kept")
        verbose_name_plural = _("places that were not kept")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "snapshot", "number"], name="places_not_kept_once"
            ),
        ]
