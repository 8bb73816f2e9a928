"""A throw-away table with every kind of sealed column."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

if TYPE_CHECKING:
    from workflows.vault.models import DataKey

# Models are imported inside the fixtures: pytest may load this file before Django is set up.


@pytest.fixture
def key(db: None) -> "DataKey":
    from workflows.vault.services import create_data_key

    return create_data_key()


@pytest.fixture
def other_key(db: None) -> "DataKey":
    from workflows.vault.services import create_data_key

    return create_data_key()


@pytest.fixture
def note(db: None) -> Iterator[Any]:
    """The class of a model which exists for one test only."""
    from workflows.vault.fields import SealedBytes, SealedJSON, SealedModel, SealedText
    from workflows.vault.models import DataKey

    with isolate_apps("workflows.vault"):

        class Note(SealedModel):
            key = models.ForeignKey(DataKey, on_delete=models.CASCADE, related_name="+")
            title = SealedText()
            body = SealedText(null=True)
            details = SealedJSON(null=True)
            digest = SealedBytes(null=True)
            place = models.IntegerField(default=0)

            class Meta:
                app_label = "vault"

            @property
            def sealing_key(self) -> DataKey:
                return self.key

        with connection.schema_editor() as editor:
            editor.create_model(Note)
        yield Note
