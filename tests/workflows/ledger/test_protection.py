"""The database refuses to change what is in the log, whoever asks."""

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from workflows.ledger import sequencer, services
from workflows.ledger.protection import APPEND_ONLY_TABLES, missing_protection

SUPERUSER = "postgres"
KEYS = {
    "ledger_event": "id",
    "ledger_leaf": "index",
    "ledger_tile": "id",
    "ledger_checkpoint": "size",
}
CHANGES = [
    statement.format(table=table, key=key)
    for table, key in KEYS.items()
    for statement in (
        "UPDATE {table} SET {key} = {key}",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "INSERT INTO {table} SELECT * FROM {table} LIMIT 1 ON CONFLICT ({key}) DO UPDATE SET {key} = excluded.{key}",
        "MERGE INTO {table} USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE",
        "MERGE INTO {table} USING (SELECT 1) one ON true WHEN MATCHED THEN UPDATE SET {key} = {key}",
        "WITH gone AS (DELETE FROM {table} RETURNING {key}) SELECT count(*) FROM gone",
    )
]


@pytest.fixture
def stored_log():
    with transaction.atomic():
        for number in range(257):
            services.append(name="case.viewed", role="reviewer", facts={"number": number})
    sequencer.sequence_all()


def contents(session):
    return {
        table: session.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in KEYS
    }


def test_every_append_only_model_is_known_here():
    models = apps.get_app_config("ledger").get_models()
    marked = {model._meta.db_table for model in models if getattr(model, "append_only", False)}
    assert marked == set(APPEND_ONLY_TABLES) == set(KEYS)


def test_the_triggers_are_in_place(db):
    assert missing_protection() is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stored_log")
def test_the_runtime_role_lacks_the_right(connect):
    session = connect(settings.DATABASE_RUNTIME_ROLE)
    before = contents(session)
    assert all(before.values())
    for statement in CHANGES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)
    assert contents(session) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stored_log")
@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE ledger_event DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_append_only_row ON ledger_event",
        "DROP TABLE ledger_event CASCADE",
        "CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_hash_is_of_leaf",
    ],
)
def test_the_runtime_role_cannot_lift_the_protection(connect, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect(settings.DATABASE_RUNTIME_ROLE).execute(statement)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stored_log")
def test_the_owner_is_refused(connect):
    session = connect(connection.settings_dict["USER"])
    before = contents(session)
    for statement in CHANGES:
        with pytest.raises(psycopg.errors.RestrictViolation, match="the table is append-only"):
            session.execute(statement)
    assert contents(session) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stored_log")
def test_a_superuser_who_silences_triggers_is_refused(connect):
    session = connect(SUPERUSER)
    session.execute("SET session_replication_role = replica")
    before = contents(session)
    for statement in CHANGES:
        with pytest.raises(psycopg.errors.RestrictViolation, match="the table is append-only"):
            session.execute(statement)
    assert contents(session) == before


LIFTED = {
    "dropped": "DROP TRIGGER ledger_append_only_row ON ledger_event",
    "disabled": "ALTER TABLE ledger_leaf DISABLE TRIGGER ledger_append_only_truncate",
    "silent for replicas": "ALTER TABLE ledger_tile ENABLE TRIGGER ledger_append_only_row",
    "for replicas only": "ALTER TABLE ledger_tile ENABLE REPLICA TRIGGER ledger_append_only_row",
    "emptied": "CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "for deletes only": (
        "DROP TRIGGER ledger_append_only_row ON ledger_checkpoint;"
        "CREATE TRIGGER ledger_append_only_row BEFORE DELETE ON ledger_checkpoint"
        " FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();"
        "ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_append_only_row"
    ),
    "on a condition": (
        "DROP TRIGGER ledger_append_only_row ON ledger_checkpoint;"
        "CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON ledger_checkpoint"
        " FOR EACH ROW WHEN (old.size > 10) EXECUTE FUNCTION ledger_refuse_change();"
        "ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_append_only_row"
    ),
    "for one column": (
        "DROP TRIGGER ledger_append_only_row ON ledger_checkpoint;"
        "CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OF size OR DELETE ON ledger_checkpoint"
        " FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();"
        "ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_append_only_row"
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("statement", LIFTED.values(), ids=LIFTED)
def test_a_lifted_protection_is_noticed(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert "trigger ledger_append_only_" in missing_protection()
