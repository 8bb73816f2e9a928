"""The staff's pages are asked over HTTP, as a signed-in member of staff."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.personas import signed_in

if TYPE_CHECKING:
    from django.http import HttpResponse


@pytest.fixture(autouse=True)
def english_pages(settings) -> None:
    """English pages, and no second factor unless a test asks for it."""
    settings.LANGUAGE_CODE = "en"
    settings.MFA_REQUIRED = False


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """Return what makes a browser in which somebody is signed in."""
    return signed_in


@pytest.fixture
def send() -> Callable[..., "HttpResponse"]:
    """Return what posts a form as a browser does: with the token, and what the page had hidden.

    Opens `path` first and takes over its hidden fields; `data` is what a person types.
    """
    from tests.requests_portal.staff.addresses import send_form

    return send_form
