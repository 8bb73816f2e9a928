"""Instructions: what a data pipeline must do for an approved item, and the receipt for it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Item
from workflows.datasets.models import Snapshot


class InstructionQuerySet(models.QuerySet["Instruction"]):
    """Instructions of the table."""

    def open(self) -> "InstructionQuerySet":
        """Return those that are still to be carried out."""
        return self.filter(applied_at=None, retired_at=None)


class Instruction(models.Model):
    """One change that an approved item asks of the data.

    Personal data: none; what is to be changed stands with the item, sealed.
    """

    class Operation(models.TextChoices):
        """What is to be done to the data."""

        REPLACE = "replace", _("Replace")
        DELETE = "delete", _("Delete")
        ANONYMISE = "anonymise", _("Anonymise")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="instructions")
    operation = models.CharField(_("operation"), max_length=12, choices=Operation.choices)
    issued_at = models.DateTimeField(_("issued"))
    applied_at = models.DateTimeField(_("carried out"), null=True)
    # When it was taken back, because the decision behind it went back to the review or the person
    # withdrew the request.
    retired_at = models.DateTimeField(_("taken back"), null=True)
    # Where a manifest was to be made of it, and the text to be replaced stood in no record.
    without_wording = models.ManyToManyField(Snapshot, verbose_name=_("wording not found in"))
    # Which snapshot or system the change was made in, and how it was checked.
    receipt = models.CharField(_("receipt"), max_length=500, blank=True)

    objects = InstructionQuerySet.as_manager()

    class Meta:
        verbose_name = _("instruction")
        verbose_name_plural = _("instructions")
        ordering = ["issued_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "operation"],
                condition=models.Q(applied_at=None, retired_at=None),
                name="one_open_instruction",
            ),
        ]
