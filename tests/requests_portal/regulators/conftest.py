"""The regulators' pages are asked over HTTP, as a signed-in officer of one authority."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.personas import make_regulator, signed_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from workflows.accounts.models import RegulatorAccount


@pytest.fixture(autouse=True)
def plain_settings(settings) -> None:
    """No second factor unless a test asks for it."""
    settings.MFA_REQUIRED = False


@pytest.fixture
def lin(db: None) -> "RegulatorAccount":
    """Lin supervises under the law of China."""
    return make_regulator("lin", "CN")


@pytest.fixture
def greta(db: None) -> "RegulatorAccount":
    """Greta supervises under the law of the European Union."""
    return make_regulator("greta", "EU")


@pytest.fixture
def sign_in() -> "Callable[[User], Client]":
    """Return what makes a browser in which somebody has just signed in."""
    return partial(signed_in, fresh=True)


@pytest.fixture
def china(lin, sign_in) -> Client:
    """The browser of Lin."""
    return sign_in(lin.user)


@pytest.fixture
def europe(greta, sign_in) -> Client:
    """The browser of Greta."""
    return sign_in(greta.user)


@pytest.fixture
def post() -> Callable[..., object]:
    """Send a form as a browser does: with the token that the page had."""

    def post(client: Client, page: str, data: dict[str, object], to: str = "") -> object:
        client.get(page)
        token = client.cookies["csrf"].value
        return client.post(to or page, {**data, "csrfmiddlewaretoken": token})

    return post
