"""Registers the package `identity` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentityConfig(AppConfig):
    """How well the requester is known: challenges, assurance levels, mandates and evidence."""

    name = "workflows.identity"
    label = "identity"
    verbose_name = _("Identity")
    default_auto_field = "django.db.models.BigAutoField"
