"""Gathers the staff's pages for Django's admin, which looks for them here."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from requests_portal.staff.data import datasets, manifests, reingestions, snapshots, suppression
from requests_portal.staff.law import clauses, deadlines, identity_policy, notices
from requests_portal.staff.operation import (
    access_log,
    account_log,
    accounts,
    approvals,
    regulators,
    services,
)
from requests_portal.staff.queue import admin as queue

__all__ = [
    "access_log",
    "account_log",
    "accounts",
    "approvals",
    "clauses",
    "datasets",
    "deadlines",
    "identity_policy",
    "manifests",
    "notices",
    "queue",
    "regulators",
    "reingestions",
    "services",
    "snapshots",
    "suppression",
]

# The one log-in of the portal, which knows the second factor, stands before the admin as well.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
