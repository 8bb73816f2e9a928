"""The staff's pages are asked over HTTP, as a signed-in member of staff."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponse


@pytest.fixture(autouse=True)
def english_pages(settings) -> None:
    """English pages, and no second factor unless a test asks for it."""
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


@pytest.fixture
def send() -> Callable[..., "HttpResponse"]:
    """Return what posts a form as a browser does: with the token, and what the page had hidden.

    Opens `path` first and takes over its hidden fields; `data` is what a person types.
    """

    def send(client: Client, path: str, data: dict[str, object], **extra: object) -> "HttpResponse":
        from tests.requests_portal.staff.addresses import hidden_fields

        page = client.get(path)
        assert page.status_code == 200, page.headers.get("Location")
        return client.post(path, {**hidden_fields(page.content.decode()), **data}, **extra)

    return send
