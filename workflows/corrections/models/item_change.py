"""How an item is to be carried out in the data, where a reviewer said more than the person did."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Item
from workflows.cases.models.case import CaseOwnedModel
from workflows.vault.fields import SealedJSON

PSEUDONYM_LENGTH = 32


class ItemChange(CaseOwnedModel):
    """Further wrong and right texts of a correction; whether a deletion keeps the record.

    Personal data: the texts, sealed. `pairs` is a list of `[wrong, right]`.
    """

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="change")
    pairs = SealedJSON(_("wrong and right texts"), default=list)
    # Take the words found out of the record, in the place of deleting all of it.
    redact = models.BooleanField(_("take the words out"), default=False)
    by = models.CharField(_("by"), max_length=PSEUDONYM_LENGTH)
    at = models.DateTimeField(_("at"), auto_now=True)

    class Meta:
        verbose_name = _("change of an item")
        verbose_name_plural = _("changes of items")
