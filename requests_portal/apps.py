"""The project as a Django app: wires what belongs to no single room."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PortalConfig(AppConfig):
    """Grants the runtime role its privileges after each migration, and logs changes of accounts."""

    name = "requests_portal"
    verbose_name = "Requests Portal"

    def ready(self) -> None:
        """Connect what listens to others, and make our Celery app the current one."""
        from requests_portal import celery  # noqa: F401 - loading it is what makes it current
        from requests_portal.privileges import grant_runtime_privileges
        from requests_portal.staff import account_log

        account_log.connect()
        post_migrate.connect(
            grant_runtime_privileges, dispatch_uid="requests_portal.grant_runtime_privileges"
        )
