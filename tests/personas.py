"""The people of the tests, each with one role. Loaded as a pytest plugin."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

if TYPE_CHECKING:
    from workflows.accounts.models import RegulatorAccount
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

PASSWORD = "correct horse battery staple"
STAFF = (
    "intake",
    "reviewer",
    "approver",
    "data_steward",
    "privacy_officer",
    "administrator",
)


def make_staff(username: str, *roles: str) -> "User":
    """Make an account of a member of staff with these roles."""
    from django.contrib.auth.models import Group, User

    user = User.objects.create_user(username, password=PASSWORD, is_staff=True)
    user.groups.set([Group.objects.get(name=role) for role in roles])
    return user


def signed_in(user: "User", *, fresh: bool = False, factor: bool = False) -> "Client":
    """Return a browser in which somebody is signed in; CSRF is checked as for a real one.

    With `fresh`, they have just proved that it is them; with `factor`, by their second factor.
    """
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    if fresh or factor:
        method = {"method": "mfa", "type": "totp"} if factor else {"method": "password"}
        session = client.session
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [
            {**method, "at": time.time(), "reauthenticated": fresh}
        ]
        session.save()
    return client


@pytest.fixture
def intake(db: None) -> "User":
    """Ines sorts what comes in."""
    return make_staff("ines", "intake")


@pytest.fixture
def reviewer(db: None) -> "User":
    """Ravi looks into cases and proposes."""
    return make_staff("ravi", "reviewer")


@pytest.fixture
def other_reviewer(db: None) -> "User":
    """Rosa does the same as Ravi."""
    return make_staff("rosa", "reviewer")


@pytest.fixture
def approver(db: None) -> "User":
    """Amal decides on proposals."""
    return make_staff("amal", "approver")


@pytest.fixture
def data_steward(db: None) -> "User":
    """Dana carries out changes to data."""
    return make_staff("dana", "data_steward")


@pytest.fixture
def privacy_officer(db: None) -> "User":
    """Pilar oversees everything about cases."""
    return make_staff("pilar", "privacy_officer")


@pytest.fixture
def other_privacy_officer(db: None) -> "User":
    """Piotr is the second pair of eyes for an erasure."""
    return make_staff("piotr", "privacy_officer")


@pytest.fixture
def administrator(db: None) -> "User":
    """Adam keeps accounts and sees no case."""
    return make_staff("adam", "administrator")


@pytest.fixture
def outsider(db: None) -> "User":
    """Olga has an account and no role."""
    from django.contrib.auth.models import User

    return User.objects.create_user("olga", password=PASSWORD)


def make_regulator(username: str, regime: str, **changes: object) -> "RegulatorAccount":
    """Make a regulator's account that lives for a month."""
    from django.contrib.auth.models import Group, User

    from workflows.accounts.models import RegulatorAccount

    user = User.objects.create_user(username, password=PASSWORD)
    user.groups.add(Group.objects.get(name="regulator"))
    values = {"authority": f"Authority of {regime}", "expires_at": timezone.now() + timedelta(30)}
    return RegulatorAccount.objects.create(user=user, regime=regime, **{**values, **changes})
