"""The database refuses to change what is in the log, whoever asks."""

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from workflows.ledger import append, selectors, sequencer
from workflows.ledger.models import Cosignature, Timestamp
from workflows.ledger.verify import APPEND_ONLY_TABLES, LogFaultError, missing_triggers, verify_log

SUPERUSER = "postgres"
KEYS = {
    "ledger_event": "id",
    "ledger_leaf": "index",
    "ledger_tile": "id",
    "ledger_checkpoint": "size",
    "ledger_cosignature": "id",
    "ledger_timestamp": "id",
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
            append.append(name="case.viewed", role="reviewer", facts={"number": number})
    sequencer.drain_inbox()
    checkpoint = selectors.latest_checkpoint()
    Cosignature.objects.create(checkpoint=checkpoint, witness="w", line="", at=timezone.now())
    Timestamp.objects.create(checkpoint=checkpoint, authority="", response=b"", at=timezone.now())


def contents(session):
    return {
        table: session.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in KEYS
    }


def test_every_append_only_model_is_known_here():
    models = apps.get_app_config("ledger").get_models()
    marked = {model._meta.db_table for model in models if getattr(model, "append_only", False)}
    assert marked == set(APPEND_ONLY_TABLES) == set(KEYS)


def test_the_triggers_are_in_place(db):
    assert missing_triggers() is None


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
        "ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_is_whole",
        "CREATE OR REPLACE FUNCTION ledger_is_whole(uuid, integer, text, bigint, bytea, bytea) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
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
    assert "trigger ledger_append_only_" in missing_triggers()


# What the owner of the tables, and a superuser, can do to the log for all that: each is seen by
# `ledger_verify`, by a trigger or a bypass that is named, or by the tree itself.
BYPASSES = {
    "rule that swallows new events": "CREATE RULE r AS ON INSERT TO ledger_event DO INSTEAD NOTHING",
    "rule that turns a change": "CREATE RULE r AS ON UPDATE TO ledger_tile DO INSTEAD SELECT 1",
    "trigger that changes new rows": (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER t BEFORE INSERT ON ledger_leaf FOR EACH ROW EXECUTE FUNCTION f()"
    ),
    "child with rows of its own": "CREATE TABLE child () INHERITS (ledger_event)",
    "parent": "CREATE TABLE parent (size bigint); ALTER TABLE ledger_checkpoint INHERIT parent",
    "table that a crash empties": "ALTER TABLE ledger_timestamp SET UNLOGGED",
    "another table of the name": (
        "ALTER TABLE ledger_cosignature RENAME TO away;"
        "CREATE TABLE ledger_cosignature (LIKE away INCLUDING ALL)"
    ),
    "view of the name": (
        "ALTER TABLE ledger_timestamp RENAME TO away;"
        "CREATE VIEW ledger_timestamp AS SELECT * FROM away"
    ),
}
REWRITTEN = {
    "column rewritten": "ALTER TABLE ledger_event ALTER name TYPE varchar(100) USING 'case.opened'",
    "time rewritten": "ALTER TABLE ledger_event ALTER at TYPE timestamptz USING at + interval '1 s'",
    "roots rewritten": "ALTER TABLE ledger_tile ALTER root TYPE bytea USING sha256(root)",
    "hashes rewritten": "ALTER TABLE ledger_tile ALTER hashes TYPE bytea USING hashes || root",
    "notes rewritten": "ALTER TABLE ledger_checkpoint ALTER note TYPE text USING replace(note, '257', '256')",
    "sizes rewritten": "ALTER TABLE ledger_checkpoint ALTER size TYPE bigint USING size + 1",
    "places rewritten": "ALTER TABLE ledger_leaf ALTER index TYPE bigint USING index + 1",
    "cosignatures rewritten": "ALTER TABLE ledger_cosignature ALTER line TYPE text USING 'x'",
    "place added": "INSERT INTO ledger_leaf SELECT 257, max(id) + 1 FROM ledger_event",
    "checkpoint added": "INSERT INTO ledger_checkpoint SELECT size + 1, root, note, at FROM ledger_checkpoint",
    "tile added": "INSERT INTO ledger_tile (level, index, hashes, root) SELECT 0, 1, hashes, root FROM ledger_tile",
    "event beside the inbox": (
        "INSERT INTO ledger_event (uid, name, role, actor, at, leaf, leaf_hash)"
        " SELECT gen_random_uuid(), name, role, actor, at, leaf, leaf_hash FROM ledger_event LIMIT 1"
    ),
    "inbox emptied": "INSERT INTO ledger_inbox VALUES (1000000, now())",
    "counter turned back": "INSERT INTO ledger_casecounter VALUES (gen_random_uuid(), 1)",
    "columns swapped": "ALTER TABLE ledger_event RENAME role TO x; ALTER TABLE ledger_event RENAME actor TO role; ALTER TABLE ledger_event RENAME x TO actor",
}


@pytest.fixture
def in_one_transaction(db):
    with transaction.atomic():
        for number in range(257):
            append.append(name="case.viewed", role="reviewer", facts={"number": number})
    sequencer.drain_inbox()
    verify_log()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield cursor


@pytest.mark.parametrize("statement", BYPASSES.values(), ids=BYPASSES)
def test_a_way_round_the_triggers_is_noticed(in_one_transaction, statement):
    in_one_transaction.execute(statement)
    assert missing_triggers()


@pytest.mark.parametrize("statement", REWRITTEN.values(), ids=REWRITTEN)
def test_what_is_rewritten_or_added_past_the_triggers_is_found(in_one_transaction, statement):
    if "ledger_cosignature" in statement:
        Cosignature.objects.create(
            checkpoint=selectors.latest_checkpoint(), witness="w", line="", at=timezone.now()
        )
    in_one_transaction.execute("DROP VIEW ledger_leafhash")
    in_one_transaction.execute(statement)
    with pytest.raises((LogFaultError, DatabaseError)):
        verify_log()


CATALOGUE = {
    "triggers disabled in the catalogue": (
        "UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'ledger_event'::regclass"
    ),
    "triggers removed from the catalogue": (
        "DELETE FROM pg_trigger WHERE tgrelid = 'ledger_leaf'::regclass"
    ),
    "table said to have no triggers": (
        "UPDATE pg_class SET relhastriggers = false WHERE oid = 'ledger_tile'::regclass"
    ),
    "function rewritten in the catalogue": (
        "UPDATE pg_proc SET prosrc = 'BEGIN RETURN NEW; END' WHERE proname = 'ledger_refuse_change'"
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", CATALOGUE.values(), ids=CATALOGUE)
def test_a_superuser_who_writes_to_the_catalogue_is_noticed(connect, statement):
    owner = connection.settings_dict["USER"]
    connect(SUPERUSER)
    connection.close()
    connection.settings_dict["USER"] = SUPERUSER
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            assert missing_triggers() is None
            cursor.execute(statement)
            assert missing_triggers()
            transaction.set_rollback(True)
    finally:
        connection.close()
        connection.settings_dict["USER"] = owner


def test_numbers_do_not_rest_on_the_sequences_of_the_database(db):
    append.append(name="case.viewed", role="reviewer")
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('ledger_event_id_seq', 4711)")
    append.append(name="case.viewed", role="reviewer")
    sequencer.drain_inbox()
    assert verify_log().size == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT setval('ledger_event_id_seq', 1)",
        "ALTER SEQUENCE ledger_event_id_seq RESTART",
        "COPY ledger_event FROM PROGRAM 'true'",
        "CREATE RULE r AS ON INSERT TO ledger_event DO INSTEAD NOTHING",
        "CREATE TABLE child () INHERITS (ledger_event)",
        "ALTER TABLE ledger_event ALTER name TYPE text",
        "CREATE TRIGGER t BEFORE INSERT ON ledger_leaf FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()",
        "CREATE OR REPLACE FUNCTION ledger_append(uuid, uuid, text, text, text, text, timestamptz, text, text, text) RETURNS bigint[] LANGUAGE sql AS 'SELECT ARRAY[1]::bigint[]'",
    ],
)
def test_the_runtime_role_finds_no_way_round(connect, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect(settings.DATABASE_RUNTIME_ROLE).execute(statement)
