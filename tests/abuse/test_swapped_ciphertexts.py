"""Sealed values that are exchanged between the rows of one case do not open."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

from tests import factories as make
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, EventContent, Identifier, Item, Person
from workflows.vault import binding
from workflows.vault.binding import sealed_tables
from workflows.vault.crypto import DecryptionFailed, Shredded, encrypt
from workflows.vault.fields import SealedField, SealedModel, erase_sealed

pytestmark = pytest.mark.django_db

MIGRATION = import_module("workflows.reports.migrations.0010_bind_sealed_rows")


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


def sealed_values() -> dict[tuple[str, str, str], Any]:
    """Return every sealed value of the database, opened, by table, column and row."""
    return {
        (model._meta.db_table, field.name, str(row.pk)): getattr(row, field.name)
        for model in apps.get_models()
        if issubclass(model, SealedModel)
        for row in model.objects.all()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedField)
    }


def seal_as_before() -> int:
    """Seal everything anew as the older portal did, bound to no row; return how many values."""
    count = 0
    for model in apps.get_models():
        if not issubclass(model, SealedModel):
            continue
        table = model._meta.db_table
        for row in model.objects.all():
            key = row.sealing_key
            for field in model._meta.concrete_fields:
                if not isinstance(field, SealedField) or getattr(row, field.name) is None:
                    continue
                plaintext = field.encode(getattr(row, field.name))
                associated = f"{key.pk}|{table}|{field.column}|1".encode()
                value = bytes([1]) + encrypt(key.secret(), plaintext, associated)
                with connection.cursor() as cursor:
                    cursor.execute(
                        f'UPDATE {table} SET "{field.column}" = %s WHERE id = %s', [value, row.pk]
                    )
                count += 1
    return count


def bind_by_migration() -> None:
    MIGRATION.bind(apps, None)


def bind_by_command() -> None:
    call_command("vault_bind")


@pytest.mark.parametrize("bind", [bind_by_migration, bind_by_command])
def test_what_an_older_portal_sealed_survives_the_upgrade_and_is_bound_by_it(bind):
    case = two_items()
    before = sealed_values()
    assert seal_as_before() > 20
    with pytest.raises(DecryptionFailed):
        _ = case.people.all()[0].name

    bind()

    assert sealed_values() == before
    one, other = case.identifiers.all()
    swap("cases_identifier", "value", one, other)
    with pytest.raises(DecryptionFailed):
        _ = Identifier.objects.get(pk=one.pk).value


def test_an_old_value_that_is_put_back_does_not_open():
    """There is no way back to what was bound to no row."""
    case = two_items()
    seal_as_before()
    one, other = case.identifiers.all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM cases_identifier WHERE id = %s", [other.pk])
        (kept,) = cursor.fetchone()
    bind_by_migration()

    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_identifier SET value = %s WHERE id = %s", [kept, one.pk])

    with pytest.raises(DecryptionFailed):
        _ = Identifier.objects.get(pk=one.pk).value


def test_more_rows_than_are_bound_at_once_are_all_bound(monkeypatch):
    monkeypatch.setattr(binding, "BATCH", 2)
    case = two_items()
    before = sealed_values()
    seal_as_before()

    bind_by_command()

    assert sealed_values() == before
    assert case.contents.count() > 2


@pytest.mark.django_db(transaction=True)
def test_what_is_erased_while_rows_are_bound_stays_erased():
    case = two_items()
    seal_as_before()
    one, other = case.identifiers.all()

    def bind_beside() -> None:
        try:
            bind_by_command()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            erase_sealed(Identifier.objects.filter(pk=one.pk))
            done = threads.submit(bind_beside)
            with pytest.raises(TimeoutError):
                done.result(timeout=1)
        done.result()

    with pytest.raises(Shredded):
        _ = Identifier.objects.get(pk=one.pk).value
    assert Identifier.objects.get(pk=other.pk).value


def test_an_erased_case_does_not_stop_the_upgrade():
    from workflows.reports.erasure import erase, request_erasure

    case = make.make_case(State.CLOSED)
    request_erasure(case, make.OFFICER, "retention_over")
    erase(case, make.OTHER_OFFICER)

    bind_by_migration()
    bind_by_command()


def test_the_command_knows_every_table_that_the_migration_knew():
    now = {table.name: set(table.columns) for table in sealed_tables()}

    assert all(now[table.name] >= set(table.columns) for table in MIGRATION.TABLES)
