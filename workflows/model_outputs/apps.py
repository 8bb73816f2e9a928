"""Registers the package `model_outputs` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModelOutputsConfig(AppConfig):
    """Phrases that models must not put out."""

    name = "workflows.model_outputs"
    label = "model_outputs"
    verbose_name = _("Outputs of models")
    default_auto_field = "django.db.models.BigAutoField"
