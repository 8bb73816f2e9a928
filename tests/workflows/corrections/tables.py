"""A table of PostgreSQL in the database of the tests, as the reader and a keeper of it see it."""

import psycopg
from django.conf import settings
from django.db import connection


def address() -> str:
    """Return the address of the test database."""
    default = settings.DATABASES["default"]
    return psycopg.conninfo.make_conninfo(
        host=default["HOST"],
        port=default["PORT"],
        user=default["USER"],
        dbname=connection.settings_dict["NAME"],
    )


def make_table(name: str, rows: list[tuple[object, str | None, str | None]], key="bigint") -> None:
    with psycopg.connect(address()) as keeper:
        keeper.execute(f'CREATE TABLE {name} (key {key}, "Body" text, title varchar(90))')
        keeper.cursor().executemany(f"INSERT INTO {name} VALUES (%s, %s, %s)", rows)


def drop_table(name: str) -> None:
    with psycopg.connect(address()) as keeper:
        keeper.execute(f"DROP TABLE IF EXISTS {name}")


def run_script(script: str) -> None:
    """Run a script as `psql` does: as it stands, in a session of its own."""
    with psycopg.connect(address(), autocommit=True) as keeper:
        keeper.execute(script)


def content(name: str) -> list[tuple]:
    with psycopg.connect(address()) as keeper:
        return keeper.execute(f"SELECT * FROM {name} ORDER BY key").fetchall()
