"""Registers the package `vault` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    """One data key per case: sealed columns, blind indexes, encrypted files, shredding."""

    name = "workflows.vault"
    label = "vault"
    verbose_name = _("Vault")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from workflows.vault import keyring
