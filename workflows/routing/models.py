"""Teams, the rules that route to them, and who has which case."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Case


class Team(models.Model):
    """A group of staff who work cases together. Personal data: the team's mail address."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Reminders and late cases are mailed here.")
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="teams", verbose_name=_("members")
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RoutingRule(models.Model):
    """Sends new cases to a team. An empty list matches everything; the first match wins."""

    position = models.PositiveIntegerField(_("position"), unique=True)
    kinds = ArrayField(
        models.CharField(max_length=20), blank=True, default=list, verbose_name=_("item kinds")
    )
    regimes = ArrayField(
        models.CharField(max_length=10), blank=True, default=list, verbose_name=_("regimes")
    )
    languages = ArrayField(
        models.CharField(max_length=10), blank=True, default=list, verbose_name=_("languages")
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="rules", verbose_name=_("team")
    )

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position} → {self.team}"


class Assignment(models.Model):
    """Which team, and which member of it, has a case. Personal data: the link to the account."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="assignment")
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("team")
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name=_("assignee"),
    )
    assigned_at = models.DateTimeField(_("assigned"))

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
