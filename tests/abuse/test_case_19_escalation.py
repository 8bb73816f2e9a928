"""Abuse case 19: nobody widens a role of their own, and an invitation lets in one person once.

`test_one_administrator.py` and `test_invitations.py` try the ways through the accounts' pages.
"""

import pytest

from tests.abuse.accounts import USERS, account_form, role_ids
from tests.personas import signed_in
from tests.requests_portal.staff.addresses import QUEUE, hidden_fields

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_settings(settings) -> None:
    """No second factor unless a test asks for it."""
    settings.MFA_REQUIRED = False


def test_nobody_gives_themselves_a_role(administrator):
    client = signed_in(administrator, fresh=True)
    path = f"{USERS}{administrator.pk}/change/"
    token = hidden_fields(client.get(path).content.decode())
    form = account_form(administrator, groups=role_ids("administrator", "privacy_officer"))

    client.post(path, {**token, **form, "is_superuser": "on"})

    administrator.refresh_from_db()
    assert not administrator.is_superuser
    assert {group.name for group in administrator.groups.all()} == {"administrator"}
    assert client.get(QUEUE).status_code == 403


def test_staff_who_keep_no_accounts_reach_none(reviewer, intake):
    client = signed_in(reviewer, fresh=True)

    assert client.get(f"{USERS}{intake.pk}/change/").status_code == 403


def test_staff_are_no_regulators(reviewer):
    assert signed_in(reviewer).get("/en/regulators/cases/").status_code == 403
