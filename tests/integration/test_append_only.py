"""The log on a running system: the role under which everything runs cannot alter it."""

import psycopg
import pytest

from tests.filings import file_request, wait_for_effects

pytestmark = pytest.mark.stack

# Each table of the log with one of its columns.
TABLES = {
    "ledger_event": "name",
    "ledger_leaf": "event_id",
    "ledger_tile": "root",
    "ledger_checkpoint": "note",
}
WAYS = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TABLE {table} CASCADE",
)


@pytest.fixture(scope="module")
def log_with_entries(sampled_stack):
    wait_for_effects(sampled_stack, [file_request(sampled_stack)])
    return sampled_stack


@pytest.mark.parametrize("table", TABLES)
def test_every_statement_that_would_alter_the_log_is_refused(log_with_entries, table):
    with psycopg.connect(log_with_entries.environment["DATABASE_URL"], autocommit=True) as runtime:
        role = runtime.execute("SELECT current_user").fetchone()
        assert role == ("portal_runtime",)
        for way in WAYS:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(way.format(table=table, column=TABLES[table]))


def test_the_role_cannot_switch_triggers_off_nor_become_another(log_with_entries):
    with psycopg.connect(log_with_entries.environment["DATABASE_URL"], autocommit=True) as runtime:
        for statement in (
            "SET session_replication_role = replica",
            "SET ROLE portal_owner",
            "SET SESSION AUTHORIZATION portal_owner",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)


def test_even_the_owner_is_stopped_by_the_triggers(log_with_entries):
    with psycopg.connect(log_with_entries.owner_url, autocommit=True) as owner:
        for table in TABLES:
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner.execute(f"DELETE FROM {table}")
