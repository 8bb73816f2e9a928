"""Registers the package `lookups` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LookupsConfig(AppConfig):
    """People looked for in the registered data, what was found, and whether it is them."""

    name = "workflows.lookups"
    label = "lookups"
    verbose_name = _("Look-ups")
    default_auto_field = "django.db.models.BigAutoField"
