"""Registers the package `corrections` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CorrectionsConfig(AppConfig):
    """Instructions to pipelines, manifests, receipts, re-scans, the suppression list."""

    name = "workflows.corrections"
    label = "corrections"
    verbose_name = _("Corrections")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let answers tell what the register and the look-ups know, and wait for the list."""
        from workflows.corrections import answer_parts  # noqa: F401 - for the first
        from workflows.model_outputs import suppression  # noqa: F401 - for the second
