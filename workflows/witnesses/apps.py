"""Registers the package `witnesses` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WitnessesConfig(AppConfig):
    """Whom the log shows its checkpoints."""

    name = "workflows.witnesses"
    label = "witnesses"
    verbose_name = _("Witnesses")
    default_auto_field = "django.db.models.BigAutoField"
