"""Where a person was found in a snapshot, and whether it is them."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Case
from workflows.cases.models.case import CaseOwnedModel
from workflows.corpus.values import Strength as HitStrength
from workflows.datasets.models.dataset import PSEUDONYM_LENGTH
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
