"""The project as a Django app: wires what belongs to no single package."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.http import HttpRequest


def _clear_site_data(request: HttpRequest | None, **_: Any) -> None:
    from requests_portal.presentation.middleware import clear_site_data

    if request is not None:
        clear_site_data(request)


class PortalConfig(AppConfig):
    """Brings roles and privileges up to date after each migration, and logs changes of accounts."""

    name = "requests_portal"
    verbose_name = "Requests Portal"

    def ready(self) -> None:
        """Connect what listens to others, register checks, make our Celery app the current one."""
        from allauth.mfa.signals import authenticator_added
        from django.contrib.auth.signals import user_logged_out

        # Loading them is what counts.
        from requests_portal import celery, checks, migration_history
        from requests_portal.database import bound_waits
        from requests_portal.privileges import grant_runtime_privileges
        from requests_portal.roles import synchronise_roles
        from requests_portal.sign_in import account_log
        from requests_portal.sign_in.adapters import record_added_factor

        account_log.connect()
        authenticator_added.connect(record_added_factor)
        connection_created.connect(bound_waits, dispatch_uid="requests_portal.bound_waits")
        user_logged_out.connect(_clear_site_data, dispatch_uid="requests_portal.leave_nothing")
        post_migrate.connect(
            grant_runtime_privileges, dispatch_uid="requests_portal.grant_runtime_privileges"
        )
        post_migrate.connect(
            synchronise_roles, sender=self, dispatch_uid="requests_portal.synchronise_roles"
        )
