"""Registers the package `oversight` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OversightConfig(AppConfig):
    """What a regulator may see, who looked, and the checkpoints they keep."""

    name = "workflows.oversight"
    label = "oversight"
    verbose_name = _("Oversight")
    default_auto_field = "django.db.models.BigAutoField"
