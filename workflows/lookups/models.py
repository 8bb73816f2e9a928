"""A look-up of people in the registered snapshots, and where they were found."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.accounts.models import PSEUDONYM_LENGTH
from workflows.cases.models import Case
from workflows.cases.models.case import CaseOwnedModel
from workflows.corpus.values import Strength as HitStrength
from workflows.datasets.models.snapshot import Snapshot
from workflows.vault.fields import SealedJSON, SealedText


class AddedSpelling(CaseOwnedModel):
    """Another way of writing an identifier, added by staff. Personal data: the value, sealed."""

    class Kind(models.TextChoices):
        """What the value is, as the look-up knows it."""

        NAME = "name", _("Name")
        EMAIL = "email", _("E-mail address")
        PHONE = "phone", _("Phone number")
        ID = "id", _("Identity number")
        HANDLE = "handle", _("User name or handle")
        URL = "url", _("Web address")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="spellings")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    value = SealedText(_("spelling"), default="")
    added_by = models.CharField(_("added by"), max_length=PSEUDONYM_LENGTH)
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("spelling")
        verbose_name_plural = _("spellings")
        ordering = ["id"]


class Match(CaseOwnedModel):
    """One place in a snapshot where an identifier of the subject of a case stands.

    Personal data: the record, its source, the SHA-256 of the text and the excerpt, all sealed. The
    place is also kept as a keyed digest, so that a place found again is no second match.
    """

    class Verdict(models.TextChoices):
        """What staff say about it; empty until they have looked."""

        THEIRS = "theirs", _("Theirs")
        NOT_THEIRS = "not_theirs", _("Not theirs")
        UNSURE = "unsure", _("Unsure")

    class Strength(models.TextChoices):
        """How much the hit says by itself."""

        STRONG = HitStrength.STRONG.value, _("Strong")
        WEAK = HitStrength.WEAK.value, _("Weak")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="matches")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="matches")
    place_digest = models.BinaryField(max_length=32, editable=False)
    file = models.CharField(_("file"), max_length=500)
    # The id of the record: text or number, as it stands in the data.
    record = SealedJSON(_("record"), null=True)
    source = SealedText(_("source"), default="")
    field = models.CharField(_("field"), max_length=100)
    # What tells the record from others with the same id, or without one: where in its file it
    # begins (see `lookup.records.Batch`; None in a table) and `lookup.records.text_sha256` of the
    # whole text. Matches from before these were kept have neither.
    position = models.PositiveBigIntegerField(null=True)
    text_sha256 = SealedText(null=True)
    # Code points of the decoded text.
    start = models.PositiveBigIntegerField(_("from"))
    end = models.PositiveBigIntegerField(_("to"))
    kind = models.CharField(_("found by"), max_length=10, choices=AddedSpelling.Kind.choices)
    strength = models.CharField(_("strength"), max_length=6, choices=Strength.choices)
    # {"before": …, "hit": …, "after": …}, the identifiers of others masked.
    excerpt = SealedJSON(_("excerpt"), default=dict)
    found_at = models.DateTimeField(_("found"), auto_now_add=True)
    verdict = models.CharField(
        _("verdict"), max_length=10, choices=Verdict.choices, blank=True, default=""
    )
    judged_by = models.CharField(_("judged by"), max_length=PSEUDONYM_LENGTH, blank=True)
    judged_at = models.DateTimeField(_("judged"), null=True)

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        ordering = ["snapshot", "file", "id"]
        indexes = [
            models.Index(fields=["case", "verdict", "strength"], name="match_case_verdict"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case", "place_digest"], name="match_place_once"),
            models.CheckConstraint(
                name="verdict_says_who_and_when",
                condition=(Q(verdict="") & Q(judged_at=None))
                | (~Q(verdict="") & Q(judged_at__isnull=False) & ~Q(judged_by="")),
            ),
        ]

    @property
    def text_place(self) -> tuple[str, str, str, int, int] | None:
        """What the same place in an identical text has as well; None where the text is unknown."""
        if self.text_sha256 is None:
            return None
        return self.text_sha256, self.field, self.kind, self.start, self.end


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
    # A code of `datasets.read_errors.SENTENCES` when it failed.
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
