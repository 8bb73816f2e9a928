"""Registers the package `ledger` with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    """The append-only transparency log: events, Merkle tree, checkpoints, tiles, proofs."""

    name = "workflows.ledger"
    label = "ledger"
    verbose_name = _("Ledger")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from workflows.ledger import keys
