"""The staff's pages are asked over HTTP, as a signed-in member of staff."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture(autouse=True)
def own_addresses(settings) -> None:
    """English pages, on the addresses of the staff alone."""
    settings.ROOT_URLCONF = "tests.requests_portal.staff.urls"
    settings.LANGUAGE_CODE = "en"
    settings.MFA_REQUIRED = False


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """Return a browser in which somebody is signed in; CSRF is checked as for a real one.

    With `fresh`, they have just proved once more that it is them.
    """

    def sign_in(user: "User", *, fresh: bool = False) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        if fresh:
            session = client.session
            session["account_authentication_methods_user"] = str(user.pk)
            session["account_authentication_methods"] = [
                {"method": "password", "at": time.time(), "reauthenticated": True}
            ]
            session.save()
        return client

    return sign_in
