"""Manifests, the receipts for them, and the tombstones that stay when they were carried out."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.cases.lifecycle import State as CaseState
from workflows.cases.models import Case
from workflows.corrections import lifecycle
from workflows.corrections.models.instruction import Instruction
from workflows.datasets.models import Snapshot
from workflows.vault.fields import SealedBytes, SealedJSON, SealedModel, SealedText
from workflows.vault.models import DataKey

PSEUDONYM_LENGTH = 32
STATE_CHOICES = [
    (lifecycle.State.OPEN.value, _("To be applied")),
    (lifecycle.State.APPLIED.value, _("Applied, to be re-scanned")),
    (lifecycle.State.REFUSED.value, _("Refused")),
    (lifecycle.State.LEFT.value, _("The re-scan found something")),
    (lifecycle.State.VERIFIED.value, _("Applied, and nothing is left")),
    (lifecycle.State.WITHDRAWN.value, _("Withdrawn before it was applied")),
]


class Manifest(SealedModel):
    """What a pipeline must change in one snapshot, for one case or several.

    Personal data: ids of records, digests of their texts, texts that replace others, and places
    that were left; sealed with a key of its own, which goes when one of its cases is erased.
    """

    State = lifecycle.State
    LIVE = lifecycle.LIVE
    HAS_RESULT = lifecycle.HAS_RESULT

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, related_name="manifests", verbose_name=_("snapshot")
    )
    instructions = models.ManyToManyField(
        Instruction, related_name="manifests", verbose_name=_("instructions")
    )
    # Those of which some places are not changed, as nothing says in which of several records they
    # are, or as they are not as they were found: they wait for a receipt by hand.
    incomplete = models.ManyToManyField(Instruction, related_name="+")
    left_out = SealedJSON(null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=STATE_CHOICES, default=State.OPEN.value
    )
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    records = models.PositiveIntegerField(_("records"))
    note = SealedText(default="")
    jsonl = SealedBytes(default=b"")
    parquet = SealedBytes(default=b"")
    # The texts that replace others, by their ref.
    replacements = SealedJSON(default=dict)
    # Who has asked to have it applied on this machine.
    applied_by = models.CharField(max_length=PSEUDONYM_LENGTH, blank=True)
    result = models.ForeignKey(
        Snapshot,
        on_delete=models.PROTECT,
        null=True,
        related_name="made_by_manifests",
        verbose_name=_("new snapshot"),
    )
    checked_at = models.DateTimeField(_("re-scanned"), null=True)
    left_count = models.PositiveIntegerField(_("places left"), default=0)
    left = SealedJSON(default=list)

    class Meta:
        verbose_name = _("manifest")
        verbose_name_plural = _("manifests")
        ordering = ["-made_at"]
        constraints = [
            # One after the other: the second is made for what the first has left.
            models.UniqueConstraint(
                fields=["snapshot"],
                condition=Q(state__in=("open", "applied")),
                name="one_live_manifest_a_snapshot",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.snapshot} ({self.pk.hex[:8]})"

    @property
    def is_current(self) -> bool:
        """Whether all that it changes is still to be changed: nothing of it was taken back.

        What is in it of data that came back belongs to cases that may have ended long ago.
        """
        waiting = self.instructions.filter(applied_at=None)
        retired = ~Q(retired_at=None)
        return not waiting.filter(retired | ~Q(item__case__state=CaseState.EXECUTING)).exists()

    @property
    def sealing_key(self) -> DataKey:
        """Return the key of this manifest."""
        return self.data_key


class PipelineAcknowledgement(models.Model):
    """What a pipeline says that it did with a manifest. Personal data: none."""

    class Status(models.TextChoices):
        """What was done."""

        APPLIED = "applied", _("Applied")
        PARTLY = "partly", _("Applied in part")
        REFUSED = "refused", _("Refused")

    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="receipts")
    # Chosen by who gives it, so that the same receipt may be sent again, and its content then.
    key = models.CharField(max_length=200)
    content_digest = models.BinaryField(max_length=32, null=True, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="+")
    remark = models.CharField(_("remark"), max_length=500, blank=True)
    by = models.CharField(_("by"), max_length=PSEUDONYM_LENGTH)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["manifest", "by", "key"], name="receipt_key_once"),
        ]


class Tombstone(models.Model):
    """A record that was taken out of a snapshot, as a keyed hash of what stood there.

    It stays when the case is erased: a text that comes back is recognised by it, and nothing can be
    read from it or guessed without the key. Personal data: the hash of a text about a person.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tombstones")
    digest = models.BinaryField(max_length=32)
    # The name of the index key of the digest.
    key_name = models.CharField(max_length=16, editable=False)
    # What was done to the record: an operation of a manifest.
    op = models.CharField(max_length=8, blank=True)
    buried_at = models.DateTimeField(_("taken out"), auto_now_add=True)

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        constraints = [
            models.UniqueConstraint(fields=["case", "digest"], name="tombstone_once"),
        ]
        indexes = [models.Index(fields=["digest"], name="tombstone_digest")]


class GuardedSnapshot(models.Model):
    """A snapshot that was looked through for what was taken out of others. Personal data: none."""

    snapshot = models.OneToOneField(Snapshot, on_delete=models.CASCADE, related_name="guarded")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("guarded snapshot")
        verbose_name_plural = _("guarded snapshots")


class Reingestion(models.Model):
    """Something that was taken out stands in a newly registered snapshot.

    `places` are lists of file and row, or of table and id, the first thousand of them. Personal
    data: these ids; they go when the case is erased and the matter dealt with, whichever is later.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="returns")
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, related_name="returns", verbose_name=_("snapshot")
    )
    records = models.PositiveIntegerField(_("records"))
    places = models.JSONField(_("places"), default=list)
    found_at = models.DateTimeField(_("found"), auto_now_add=True)
    # When a steward has asked for a manifest that takes it out again.
    asked_at = models.DateTimeField(_("asked for"), null=True)
    manifest = models.ForeignKey(
        Manifest,
        on_delete=models.PROTECT,
        null=True,
        related_name="of_returns",
        verbose_name=_("manifest"),
    )
    resolved_at = models.DateTimeField(_("dealt with"), null=True)
    # How it was dealt with by hand, or why no manifest could be made.
    remark = models.CharField(_("remark"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-found_at"]
        constraints = [
            models.UniqueConstraint(fields=["case", "snapshot"], name="return_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case.number} · {self.snapshot}"
