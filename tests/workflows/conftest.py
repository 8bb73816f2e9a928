"""Sentences are compared in English, the language in which the source writes them.

And whoever says something of the log, a witness or an authority, can be asked by every test here.
"""

from collections.abc import Iterator

import pytest
from django.utils import translation

from tests.evidence import authority, witness  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Speak English to whoever has no language of their own."""
    with translation.override("en"):
        yield
