"""Gathers the staff's pages for Django's admin, which looks for them here."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from requests_portal.staff import (
    access_log_admin,
    account_log_admin,
    accounts_admin,
    approvals_admin,
    calendar_admin,
    identity_policy_admin,
    limits_admin,
    manifests_admin,
    notices_admin,
    operation_admin,
    queue,
    recipients_admin,
    regulator_accounts_admin,
    returns_admin,
    routing_admin,
    suppression_admin,
)
from requests_portal.staff.register import dataset_admin, others_admin, snapshot_admin

__all__ = [
    "access_log_admin",
    "account_log_admin",
    "accounts_admin",
    "approvals_admin",
    "calendar_admin",
    "dataset_admin",
    "identity_policy_admin",
    "limits_admin",
    "manifests_admin",
    "notices_admin",
    "operation_admin",
    "others_admin",
    "queue",
    "recipients_admin",
    "regulator_accounts_admin",
    "returns_admin",
    "routing_admin",
    "snapshot_admin",
    "suppression_admin",
]

# The one log-in of the portal, which knows the second factor, stands before the admin as well.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
