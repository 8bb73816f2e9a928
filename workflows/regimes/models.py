"""What is kept beside the rule files: announced working days, and the provider's own limits."""

from typing import cast

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.regimes.calendars import HolidayNotice
from workflows.regimes.deadlines.values import PublishedPromise, Unit


class BusinessCalendar(models.Model):
    """The days off and extra working days of a region in a year, and where they were announced.

    A row replaces what the package `holidays` says of that year. Holds no personal data:
    `loaded_by` is a pseudonym of staff, or the command `migrate`.
    """

    class Status(models.TextChoices):
        """Whether the dates reckoned with a row are certain."""

        OFFICIAL = "official", _("official")
        PROVISIONAL = "provisional", _("provisional")

    region = models.CharField(_("region"), max_length=16)
    year = models.PositiveSmallIntegerField(_("year"))
    status = models.CharField(
        _("status"), max_length=16, choices=Status.choices, default=Status.OFFICIAL
    )
    days_off = ArrayField(models.DateField(), verbose_name=_("days off"), default=list, blank=True)
    extra_working_days = ArrayField(
        models.DateField(), verbose_name=_("extra working days"), default=list, blank=True
    )
    source = models.CharField(_("source"), max_length=500)
    loaded_by = models.CharField(_("loaded by"), max_length=150)
    loaded_at = models.DateTimeField(_("loaded at"), auto_now=True)

    class Meta:
        verbose_name = _("working-day calendar")
        verbose_name_plural = _("working-day calendars")
        ordering = ["region", "year"]
        constraints = [
            models.UniqueConstraint(fields=["region", "year"], name="one_calendar_a_year"),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.year}"

    def as_notice(self) -> HolidayNotice:
        """Return the row as a value for the calendar."""
        return HolidayNotice(
            region=self.region,
            year=self.year,
            days_off=frozenset(self.days_off),
            extra_working_days=frozenset(self.extra_working_days),
            official=self.status == self.Status.OFFICIAL,
            source=self.source,
        )


class ProviderProfileVersion(models.Model):
    """One version of the facts on which it depends which laws apply; the latest holds.

    Never changed, never deleted: cases name the version under which their laws were found.
    `profile` is what `ProviderProfile.to_dict` gives. Personal data: none; `set_by` is a pseudonym
    of staff, `office` is who answered on the provider's behalf, such as outside counsel.
    """

    append_only = True

    profile = models.JSONField(_("facts"))
    office = models.CharField(_("answered by"), max_length=200)
    answered_on = models.DateField(_("answered on"))
    set_by = models.CharField(_("set by"), max_length=32)
    set_at = models.DateTimeField(_("set at"), auto_now_add=True)

    class Meta:
        verbose_name = _("provider profile")
        verbose_name_plural = _("provider profile")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.office}, {self.answered_on}"


class PublishedLimit(models.Model):
    """One version of a time limit that the provider has published. Never changed, never deleted.

    It holds for requests received from `valid_from` on, a day at the regime's default place,
    until a later version does. Personal data: none; `published_by` is a pseudonym of staff.
    """

    class Unit(models.TextChoices):
        """In what the limit is counted."""

        DAYS = "days", _("days")
        WORKING_DAYS = "working_days", _("working days")

    regime = models.CharField(_("regime"), max_length=10)
    clock = models.CharField(_("clock"), max_length=30)
    unit = models.CharField(_("unit"), max_length=12, choices=Unit.choices)
    amount = models.PositiveSmallIntegerField(_("limit"))
    valid_from = models.DateField(_("valid from"))
    published_by = models.CharField(_("published by"), max_length=32)
    published_at = models.DateTimeField(_("published at"), auto_now_add=True)

    class Meta:
        verbose_name = _("published time limit")
        verbose_name_plural = _("published time limits")
        ordering = ["regime", "clock", "-valid_from", "-id"]

    def __str__(self) -> str:
        return f"{self.regime} {self.clock} {self.valid_from}"

    def as_promise(self) -> PublishedPromise:
        """Return the row as a value of the rules."""
        return PublishedPromise(cast("Unit", self.unit), self.amount, self.valid_from)


class RulesVersion(models.Model):
    """Which version of the three tables above stands: one row, written by their triggers alone.

    A process that knows the version knows whether what it has read of them still holds. Personal
    data: none.
    """

    version = models.UUIDField()
