"""Sentences are compared in English, the language in which the source writes them.

And whoever says something of the log, a witness or an authority, can be asked by every test here.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.utils import translation

from tests.evidence import authority, witness  # noqa: F401 - fixtures
from tests.exports import verifier, verify  # noqa: F401 - fixtures
from tests.personas import make_regulator

if TYPE_CHECKING:
    from workflows.accounts.models import RegulatorAccount


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Speak English to whoever has no language of their own."""
    with translation.override("en"):
        yield


@pytest.fixture
def regulator(db: None) -> "RegulatorAccount":
    """Lin supervises under the law of China."""
    return make_regulator("lin", "CN")


@pytest.fixture
def other_regulator(db: None) -> "RegulatorAccount":
    """Greta supervises under the law of the European Union."""
    return make_regulator("greta", "EU")


@pytest.fixture
def scope(regulator):
    from workflows.accounts.regulators import scope_of

    return scope_of(regulator)


@pytest.fixture
def other_scope(other_regulator):
    from workflows.accounts.regulators import scope_of

    return scope_of(other_regulator)


@pytest.fixture
def connect(db):
    """Open further connections to the test database; all are closed at the end."""
    import psycopg
    from django.db import connection

    made = []

    def open_connection() -> psycopg.Connection:
        names = {"NAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user"}
        settings = {ours: connection.settings_dict[name] for name, ours in names.items()}
        made.append(psycopg.connect(**{k: v for k, v in settings.items() if v}, autocommit=True))
        return made[-1]

    yield open_connection
    for each in made:
        each.close()
