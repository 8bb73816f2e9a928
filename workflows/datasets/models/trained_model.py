"""A model: on which snapshots it was trained, when it is trained next, and what changes then."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.accounts.models import PSEUDONYM_LENGTH
from workflows.datasets.models.snapshot import Snapshot


class TrainedModel(models.Model):
    """One version of a model. Personal data: none."""

    class NextTraining(models.TextChoices):
        """What the next training does about data that were removed or corrected meanwhile."""

        WITHOUT = "without", _("Trained again on the changed data")
        FILTER = "filter", _("Not trained again; outputs are filtered")
        NONE = "none", _("Neither, for the reason given")

    name = models.CharField(_("name"), max_length=120)
    version = models.CharField(_("version"), max_length=80)
    snapshots = models.ManyToManyField(
        Snapshot, related_name="models", verbose_name=_("trained on")
    )
    trained_on = models.DateField(_("date of training"))
    next_training_on = models.DateField(_("next training"), null=True, blank=True)
    next_training = models.CharField(
        _("what happens then"),
        max_length=8,
        choices=NextTraining.choices,
        default=NextTraining.WITHOUT,
    )
    # Shown to the people whose data it was trained on.
    explanation = models.TextField(
        _("explanation"), blank=True, help_text=_("People who ask may be told this.")
    )
    mechanism = models.TextField(
        _("mechanism of the algorithm"),
        blank=True,
        help_text=_("How the algorithm works, for regulators who ask."),
    )
    registered_by = models.CharField(_("registered by"), max_length=PSEUDONYM_LENGTH, blank=True)
    registered_at = models.DateTimeField(_("registered"), auto_now_add=True)

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ["name", "-trained_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "version"],
                name="model_version_once",
                violation_error_message=_("This version of the model is registered already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def clean(self) -> None:
        """Ask for the reason when nothing is done about the model."""
        if self.next_training == self.NextTraining.NONE and not self.explanation.strip():
            raise ValidationError({"explanation": _("Say why neither is done.")})
