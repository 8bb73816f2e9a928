"""Registers the package `complaints` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    """Complaints about an answer or about how a request is handled."""

    name = "workflows.complaints"
    label = "complaints"
    verbose_name = _("Complaints")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the table of moves know of complaints that wait."""
        from workflows.complaints import services
