"""Steps by which somebody looked, checkpoints that regulators keep, and facts to be counted."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.accounts.models import RegulatorAccount
from workflows.cases.models import Case
from workflows.ledger.models import Event


class AccessEvent(Event):
    """A step of the log by which somebody looked at something; see `access_log`.

    Personal data: none beyond what the log holds.
    """

    class Meta:
        proxy = True
        verbose_name = _("look")
        verbose_name_plural = _("access log")
        default_permissions = ("view",)


class KeptCheckpoint(models.Model):
    """The last checkpoint that a regulator keeps: each later export must extend it.

    Personal data: the link to the account.
    """

    account = models.ForeignKey(
        RegulatorAccount, on_delete=models.CASCADE, related_name="kept_checkpoints"
    )
    size = models.PositiveBigIntegerField(_("log size"))
    note = models.TextField(_("signed checkpoint"))
    kept_at = models.DateTimeField(_("kept"), auto_now_add=True)

    class Meta:
        verbose_name = _("kept checkpoint")
        verbose_name_plural = _("kept checkpoints")
        ordering = ["-size"]


class Counted(models.Model):
    """What figures tell apart of a case, or of one of its items, under one law.

    `kind` is that of the item, empty for the case as a whole. `result` is what it counts as
    (`statistics.counting`), `ground` why it was denied. `missed` says whether a time to answer was
    missed. `days` are those from the day of receipt to that of the answer which stands, in the zone
    of the law; None without one. `month` is the first day of that of receipt, in the same zone.
    """

    regime = models.CharField(max_length=10)
    month = models.DateField()
    kind = models.CharField(max_length=20)
    requester = models.CharField(max_length=20)
    result = models.CharField(max_length=12)
    ground = models.CharField(max_length=60)
    missed = models.BooleanField()
    days = models.IntegerField(null=True)

    class Meta:
        abstract = True


class Fact(Counted):
    """One case as a whole (position 0), or one of its items by its position, under one law.

    Kept by triggers in the transaction that changes the case (`facts.sql`). `state` is that of the
    case, empty for an item. `late_from` is the first instant at which it will be late, where no
    time was missed yet. Personal data: none.
    """

    pk = models.CompositePrimaryKey("case_id", "regime", "position")
    # Cases are never deleted, so nothing has to be looked up when one is written.
    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="facts", db_constraint=False, db_index=False
    )
    position = models.PositiveSmallIntegerField()
    filed_at = models.DateTimeField()
    state = models.CharField(max_length=20)
    late_from = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("fact")
        verbose_name_plural = _("facts")
        indexes = [
            # The list of cases and its length.
            models.Index(
                fields=["regime", "-filed_at", "-case"],
                name="fact_of_case",
                include=["position", "state", "missed", "late_from"],
                condition=models.Q(position=0),
            ),
            models.Index(
                fields=["regime", "kind", "-filed_at"],
                name="fact_of_item",
                include=["case"],
                condition=models.Q(position__gt=0),
            ),
            # What misses its time now, until the sweep has seen it.
            models.Index(
                fields=["regime", "late_from"],
                name="fact_late",
                condition=models.Q(late_from__isnull=False),
            ),
        ]

    def is_late(self, now: datetime) -> bool:
        """Return whether a time to answer was missed, or is being missed at `now`."""
        return self.missed or (self.late_from is not None and self.late_from <= now)


class Subtotal(Counted):
    """How many facts of a month are alike.

    There can be several rows of the same, some of them negative, which add up: whoever changes a
    case only adds rows, so that nobody waits for somebody else's. `facts.settle` makes one of them.
    Personal data: none.
    """

    number = models.IntegerField()

    class Meta:
        verbose_name = _("subtotal")
        verbose_name_plural = _("subtotals")
        indexes = [
            models.Index(
                fields=["regime", "kind", "month"],
                name="subtotal_months",
                include=["requester", "result", "ground", "missed", "days", "number"],
            ),
        ]
