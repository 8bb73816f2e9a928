"""Reads a table of PostgreSQL: with a cursor of the server, in transactions that cannot write."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from workflows.datasets.lookup.hits import RecordId
from workflows.datasets.lookup.records import CHUNK, Batch, Figures, Schema
from workflows.datasets.lookup.scan import Column
from workflows.datasets.lookup.shards import SHARD_BYTES, Format, Problem, ReadError, Shard

_ROWS_AT_ONCE = 500
_CONNECT_SECONDS = 10
_PLAIN_TABLES = ("r", "m")

Row = tuple[Any, ...]


def table_shards(database: str, table: str, *, shard_bytes: int = SHARD_BYTES) -> list[Shard]:
    """Return the shards of `table` ("name" or "schema.name") in the database at this address.

    A plain table is cut by its pages; a view or a partitioned table is one shard. Raises ReadError.
    """
    with reading_table(database, table) as connection:
        row = connection.execute(
            "SELECT relkind, pg_relation_size(oid), current_setting('block_size')::int"
            " FROM pg_class WHERE oid = to_regclass(%s)",
            [table_identifier(table).as_string(connection)],
        ).fetchone()
    if row is None:
        raise ReadError(f"There is no table {table}.", Problem.MISSING, table)
    kind, size, page = row
    if kind not in _PLAIN_TABLES:
        return [Shard(Path(), table, Format.TABLE, database=database)]
    pages, at_once = max(-(-size // page), 1), max(shard_bytes // page, 1)
    return [
        Shard(Path(), table, Format.TABLE, start, min(start + at_once, pages), database)
        for start in range(0, pages, at_once)
    ]


def table_batches(shard: Shard, schema: Schema) -> Iterator[Batch]:
    """Yield the rows of a shard, some megabytes at a time. Raises ReadError."""
    with reading_table(shard.database, shard.file) as connection:
        _check_columns(connection, shard, schema)
        rows: list[Row] = []
        size = 0
        with connection.cursor(name="locate") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(_query(shard, schema))
            for row in cursor:
                rows.append(row)
                size += sum(len(text) for text in row[1:] if text)
                if size >= CHUNK:
                    yield _batch(rows, schema)
                    rows, size = [], 0
        if rows:
            yield _batch(rows, schema)


def _query(shard: Shard, schema: Schema) -> sql.Composed:
    columns = [
        sql.Identifier(schema.id_field) if schema.id_field else sql.NULL,
        *(
            sql.SQL("{}::text").format(sql.Identifier(name))
            for name in (*schema.text_fields, *filter(None, [schema.source_field]))
        ),
    ]
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(columns), table_identifier(shard.file)
    )
    if shard.stop:
        pages = [f"({page},0)" for page in (shard.start, shard.stop)]
        query += sql.SQL(" WHERE ctid >= {}::tid AND ctid < {}::tid").format(*pages)
    return query


def _batch(rows: Sequence[Row], schema: Schema) -> Batch:
    columns = [
        Column.of_texts(name, [row[index] or "" for row in rows])
        for index, name in enumerate(schema.text_fields, start=1)
    ]

    def record_id(index: int) -> RecordId:
        value = rows[index][0]
        return value if isinstance(value, str | int | None) else str(value)

    def source(index: int) -> str:
        return (rows[index][-1] or "") if schema.source_field else ""

    return Batch(columns, record_id, Figures(sum(c.size for c in columns), len(rows)), source)


def table_identifier(table: str) -> sql.Identifier:
    """Return the name of a table as it stands in a statement."""
    return sql.Identifier(*table.split(".", 1))


def _check_columns(connection: psycopg.Connection[Row], shard: Shard, schema: Schema) -> None:
    found = connection.execute(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
        [table_identifier(shard.file).as_string(connection)],
    )
    existing = {name for (name,) in found}
    wanted = filter(None, [schema.id_field, *schema.text_fields, schema.source_field])
    missing = ", ".join(name for name in wanted if name not in existing)
    if missing:
        raise ReadError(f"{shard.file} has no column {missing}.", Problem.NO_FIELD, missing)


@contextmanager
def reading_table(database: str, table: str) -> Iterator[psycopg.Connection[Row]]:
    """Connect for reading. Raises ReadError: the server's words could quote address or data."""
    try:
        with psycopg.connect(database, connect_timeout=_CONNECT_SECONDS) as connection:
            connection.read_only = True
            yield connection
    except psycopg.OperationalError:
        message = f"The database of {table} cannot be reached, or broke off."
        raise ReadError(message, Problem.UNREACHABLE, table) from None
    except psycopg.Error:
        raise ReadError(f"{table} cannot be read to its end.", Problem.BROKEN, table) from None
