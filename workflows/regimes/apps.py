"""Registers the package `regimes` with Django."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class RegimesConfig(AppConfig):
    """The law as data: a TOML file a regime, working-day calendars, the deadline calculator."""

    name = "workflows.regimes"
    label = "regimes"
    verbose_name = _("Regimes")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the check that refuses a broken rule file, and load notices into new tables."""
        from workflows.regimes import registry
        from workflows.regimes.calendar_store import load_bundled_notices

        post_migrate.connect(
            load_bundled_notices, sender=self, dispatch_uid="regimes.load_shipped_notices"
        )
