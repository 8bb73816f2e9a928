"""Entries of the output suppression list, and the versions in which gateways have seen it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Case, Item
from workflows.cases.models.case import CaseOwnedModel
from workflows.datasets.models import TrainedModel
from workflows.vault.fields import SealedText

PSEUDONYM_LENGTH = 32


class Suppression(CaseOwnedModel):
    """A phrase that models must not put out. It is suppressed, which is not deleted.

    Personal data: phrase and test prompt, sealed with the key of the case. `digest` is a keyed hash
    of the phrase's letters and digits; it outlives the erasure of the case, because an entry that
    could no longer be told would let the model speak again.
    """

    class Form(models.TextChoices):
        """How the phrase is given to gateways."""

        EXACT = "exact", _("As it stands")
        NORMALISED = "normalised", _("By its letters and digits")
        KEYED_HASH = "keyed_hash", _("As a keyed hash")

    class TestResult(models.TextChoices):
        """What the model answered to the test prompt, through the gateway."""

        UNTESTED = "untested", _("Not tested")
        SUPPRESSED = "suppressed", _("Suppressed")
        SHOWN = "shown", _("Still shown")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="suppressions")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="suppressions")
    phrase = SealedText(_("phrase"), default="")
    form = models.CharField(_("form"), max_length=10, choices=Form.choices, default=Form.NORMALISED)
    digest = models.BinaryField(max_length=32, editable=False)
    # The name of the comparison key with which gateways make the same digest.
    key_name = models.CharField(max_length=16, editable=False)
    length = models.PositiveIntegerField(_("letters and digits"))
    # Which models it concerns; none means all.
    trained_models = models.ManyToManyField(
        TrainedModel, blank=True, related_name="suppressions", verbose_name=_("models")
    )
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    # Who answers for the entry, by their pseudonym.
    owner = models.CharField(_("owner"), max_length=PSEUDONYM_LENGTH)
    added_at = models.DateTimeField(_("added"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    test_prompt = SealedText(_("test prompt"), default="")
    test_result = models.CharField(
        _("test result"), max_length=10, choices=TestResult.choices, default=TestResult.UNTESTED
    )
    tested_at = models.DateTimeField(_("tested"), null=True)
    tested_by = models.CharField(_("tested by"), max_length=PSEUDONYM_LENGTH, blank=True)

    class Meta:
        verbose_name = _("suppressed phrase")
        verbose_name_plural = _("suppressed phrases")
        ordering = ["added_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="suppression_test_says_who_and_when",
                condition=Q(test_result="untested") ^ Q(tested_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case.number} · {self.item.position}"


class ListVersion(models.Model):
    """A version of the list: its number, and what it was made of. Personal data: none."""

    # SHA-256 of ids, forms, models, dates and digests of its entries, and of the names of the keys;
    # the same entries are the same version.
    fingerprint = models.CharField(max_length=64)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("version of the suppression list")
        verbose_name_plural = _("versions of the suppression list")
        ordering = ["-id"]
