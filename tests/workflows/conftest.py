"""Sentences are compared in English, the language in which the source writes them."""

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Speak English to whoever has no language of their own."""
    with translation.override("en"):
        yield
