"""Working days as they were announced: one row a region and year."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.regimes.calendars import Notice


class BusinessCalendar(models.Model):
    """The days off and extra working days of a region in a year, and where they were announced.

    A row replaces what the package `holidays` says of that year. Holds no personal data:
    `loaded_by` names a role or a migration, not a person.
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

    def as_notice(self) -> Notice:
        """Return the row as a value for the calendar."""
        return Notice(
            region=self.region,
            year=self.year,
            days_off=frozenset(self.days_off),
            extra_working_days=frozenset(self.extra_working_days),
            official=self.status == self.Status.OFFICIAL,
            source=self.source,
        )
