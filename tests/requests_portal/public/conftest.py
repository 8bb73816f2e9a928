"""Walks a person through the public pages, as a browser without JavaScript does."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from tests.requests_portal.public.person import Visitor


@pytest.fixture
def new_visitor(db: None) -> "Callable[[str], Visitor]":
    """Make people with a fresh browser each, who read English unless told otherwise."""
    from tests.requests_portal.public.person import Visitor

    return lambda language="en": Visitor(Client(), language)


@pytest.fixture
def visitor(new_visitor: "Callable[[str], Visitor]") -> "Visitor":
    """Somebody with a fresh browser, reading English."""
    return new_visitor("en")
