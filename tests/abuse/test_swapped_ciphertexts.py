"""Sealed values that are exchanged between the rows of one case do not open."""

from typing import Any

import pytest
from django.db import connection

from tests import factories as make
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, EventContent, Identifier, Item, Person
from workflows.vault.crypto import DecryptionFailed, encrypt

pytestmark = pytest.mark.django_db


def swap(table: str, column: str, one: Any, other: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET {column} = o.{column} FROM {table} AS o"
            " WHERE (t.id, o.id) IN ((%s, %s), (%s, %s))",
            [one.pk, other.pk, other.pk, one.pk],
        )


def two_items() -> Case:
    """Return a case of an agent, with two rows of each kind under one key."""
    identifiers = (make.FiledIdentifier("handle", "@one"), make.FiledIdentifier("handle", "@two"))
    return make.make_case(
        State.ANSWERED,
        make.ERIKA,
        requester_role="agent",
        requester_name="Otto Muster",
        authority="A mandate.",
        identifiers=identifiers,
    )


@pytest.mark.parametrize(
    ("model", "column"),
    [
        (Person, "email"),
        (Person, "name"),
        (Identifier, "value"),
        (Item, "details"),
        (Item, "reasons"),
        (EventContent, "opening"),
    ],
)
def test_an_exchange_in_the_database_is_noticed(model, column):
    case = two_items()
    one, other = list(model.objects.filter(case=case).order_by("pk"))[:2]
    assert getattr(one, column) != getattr(other, column) or column in {"email", "reasons"}

    swap(model._meta.db_table, column, one, other)

    for row in (one, other):
        with pytest.raises(DecryptionFailed):
            getattr(model.objects.get(pk=row.pk), column)


def test_an_old_value_that_is_put_back_does_not_open():
    """There is no way back to what was bound to no row."""
    case = two_items()
    one, other = case.identifiers.all()
    key = other.sealing_key
    associated = f"{key.pk}|cases_identifier|value|1".encode()
    plaintext = Identifier._meta.get_field("value").encode(other.value)
    kept = bytes([1]) + encrypt(key.secret(), plaintext, associated)

    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_identifier SET value = %s WHERE id = %s", [kept, one.pk])

    with pytest.raises(DecryptionFailed):
        _ = Identifier.objects.get(pk=one.pk).value
