"""Registers the package `outbox` with Django."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    """What must still be done after a commit: rows, relay, retries, dead letters."""

    name = "workflows.outbox"
    label = "outbox"
    verbose_name = _("Outbox")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Find the handlers: the module `effects` of each app, as Django finds `admin`."""
        from workflows.outbox import checks

        autodiscover_modules("effects")
