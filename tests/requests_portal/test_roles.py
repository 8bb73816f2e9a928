"""The groups of the roles are what one table says, whatever the database held before."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from requests_portal.roles import PERMISSIONS, synchronise_roles
from workflows.accounts.access import ROLES
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db


def held(group: str) -> set[str]:
    rows = Permission.objects.filter(group__name=group).select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}


def a_permission(name: str) -> Permission:
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def test_each_role_that_an_account_can_hold_is_in_the_table():
    assert {role.value for role in PERMISSIONS} == ROLES


# A name that no model has would not be found in the database, and not be held.
@pytest.mark.parametrize("role", PERMISSIONS)
def test_after_a_migration_each_role_may_do_what_the_table_says(role):
    assert held(role.value) == PERMISSIONS[role]


def test_what_a_role_lacks_is_given_and_what_the_table_does_not_say_is_taken():
    reviewers = Group.objects.get(name=Role.REVIEWER)
    reviewers.permissions.add(a_permission("auth.change_user"))
    reviewers.permissions.remove(a_permission("cases.review_case"))
    Group.objects.get(name=Role.INTAKE).delete()

    call_command("migrate", verbosity=0)

    assert held(Role.REVIEWER) == PERMISSIONS[Role.REVIEWER]
    assert held(Role.INTAKE) == PERMISSIONS[Role.INTAKE]


def test_groups_of_others_and_holders_of_a_role_are_left_as_they_are():
    others = Group.objects.create(name="works council")
    others.permissions.add(a_permission("cases.view_case"))
    account = User.objects.create_user("holder")
    account.groups.add(others, Group.objects.get(name=Role.APPROVER))

    synchronise_roles()

    assert held("works council") == {"cases.view_case"}
    assert {group.name for group in account.groups.all()} == {"works council", Role.APPROVER}


def test_run_again_it_writes_nothing():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        synchronise_roles()
    statements = {query["sql"].split()[0] for query in queries}
    assert statements <= {"SELECT", "SAVEPOINT", "RELEASE"}


def test_permissions_that_were_lost_are_made_again():
    a_permission("oversight.view_accessevent").delete()

    synchronise_roles()

    assert held(Role.PRIVACY_OFFICER) == PERMISSIONS[Role.PRIVACY_OFFICER]
