"""Reads a table of PostgreSQL: with a cursor of the server, in transactions that cannot write."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from workflows.corpus.columns import CHUNK, Batch, Column, Filter
from workflows.corpus.entries import (
    EditRefused,
    Located,
    ManifestEntry,
    ManifestError,
    Replacements,
    apply_edits,
    digest,
    verified_edits,
)
from workflows.corpus.formats.protocol import SHARD_BYTES, Placed, Rows, Shard, Source
from workflows.corpus.values import FORMATS, ReadError, ReadProblem, ReadStats, RecordId, Schema

_ROWS_AT_ONCE = 500
_CONNECT_SECONDS = 10
_PLAIN_TABLES = ("r", "m")
_NAME = FORMATS["postgresql"].name

TableRow = tuple[Any, ...]


def named_table(location: str, databases: Mapping[str, str]) -> tuple[str, str]:
    """Return the address of a database and the name of a table, of "database/table".

    `databases` are the addresses by their names. Raises ReadError.
    """
    name, _slash, table = location.partition("/")
    address = databases.get(name.lower())
    if not address or not table:
        message = f"The settings name no database {name}."
        raise ReadError(message, ReadProblem.NO_DATABASE, name)
    return address, table


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
        raise ReadError(f"There is no table {table}.", ReadProblem.MISSING, table)
    kind, size, page = row
    if kind not in _PLAIN_TABLES:
        return [Shard(Path(), table, _NAME, database=database)]
    pages, at_once = max(-(-size // page), 1), max(shard_bytes // page, 1)
    return [
        Shard(Path(), table, _NAME, start, min(start + at_once, pages), database)
        for start in range(0, pages, at_once)
    ]


def table_batches(shard: Shard, schema: Schema) -> Iterator[Batch]:
    """Yield the rows of a shard, some megabytes at a time. Raises ReadError."""
    with reading_table(shard.database, shard.file) as connection:
        _check_columns(connection, shard, schema)
        rows: list[TableRow] = []
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


def _batch(rows: Sequence[TableRow], schema: Schema) -> Batch:
    columns = [
        Column.of_texts(name, [row[index] or "" for row in rows])
        for index, name in enumerate(schema.text_fields, start=1)
    ]

    def record_id(index: int) -> RecordId:
        value = rows[index][0]
        return value if isinstance(value, str | int | None) else str(value)

    def source(index: int) -> str:
        return (rows[index][-1] or "") if schema.source_field else ""

    return Batch(columns, record_id, ReadStats(sum(c.size for c in columns), len(rows)), source)


def table_identifier(table: str) -> sql.Identifier:
    """Return the name of a table as it stands in a statement."""
    return sql.Identifier(*table.split(".", 1))


def _check_columns(connection: psycopg.Connection[TableRow], shard: Shard, schema: Schema) -> None:
    found = connection.execute(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
        [table_identifier(shard.file).as_string(connection)],
    )
    existing = {name for (name,) in found}
    wanted = filter(None, [schema.id_field, *schema.text_fields, schema.source_field])
    missing = ", ".join(name for name in wanted if name not in existing)
    if missing:
        raise ReadError(f"{shard.file} has no column {missing}.", ReadProblem.NO_FIELD, missing)


@contextmanager
def reading_table(database: str, table: str) -> Iterator[psycopg.Connection[TableRow]]:
    """Connect for reading. Raises ReadError: the server's words could quote address or data."""
    try:
        with psycopg.connect(database, connect_timeout=_CONNECT_SECONDS) as connection:
            connection.read_only = True
            yield connection
    except psycopg.OperationalError:
        message = f"The database of {table} cannot be reached, or broke off."
        raise ReadError(message, ReadProblem.UNREACHABLE, table) from None
    except psycopg.Error:
        raise ReadError(f"{table} cannot be read to its end.", ReadProblem.BROKEN, table) from None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the columns of its ids and texts. `name` is "name" or "schema.name"."""

    database: str = field(repr=False)
    name: str
    schema: Schema

    def shards(self) -> list[Shard]:
        """Return its pieces for the look-up. Raises ReadError."""
        return table_shards(self.database, self.name)

    def located(self, ids: Collection[str]) -> Iterator[Located]:
        """Yield the rows with these ids, in their order. Raises ManifestError, ReadError.

        A row has no number in a table: it is that among the rows which are yielded here.
        """
        if not self.schema.id_field:
            raise ManifestError(f"{self.name} has no column with ids: no manifest can name a row.")
        names = [self.schema.id_field, *self.schema.text_fields]
        if self.schema.source_field:
            names.append(self.schema.source_field)
        query = sql.SQL("SELECT {}, {} FROM {} WHERE {}::text = ANY(%s) ORDER BY {}::text").format(
            sql.Identifier(names[0]),
            sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(n)) for n in names[1:]),
            table_identifier(self.name),
            sql.Identifier(names[0]),
            sql.Identifier(names[0]),
        )
        with reading_table(self.database, self.name) as connection:
            for number, row in enumerate(connection.execute(query, [list(ids)])):
                record = dict(zip(names, row, strict=True))
                key = record[names[0]]
                record[names[0]] = key if isinstance(key, str | int) else str(key)
                yield self.name, number, record

    def rows(self) -> Iterator[Located]:
        """Yield all rows with their ids and texts. Raises ReadError."""
        number = 0
        for shard in self.shards():
            for batch in table_batches(shard, self.schema):
                for index in range(batch.figures.rows):
                    texts = {column.field: column.text(index) for column in batch.columns}
                    yield self.name, number, {**texts, self.schema.id_field: batch.record_id(index)}
                    number += 1


def changes_script(
    entries: Iterable[ManifestEntry], table: Table, wording: Replacements, *, manifest: str
) -> str:
    """Return SQL that makes the changes of a manifest in a table, all of them or none.

    It looks at the digest of each text itself: run twice, or too late, it changes nothing and
    says so. Raises Refused if a row is not as its entry says, ManifestError, and ReadError.
    """
    rows = list(dict.fromkeys(_rows([e for e in entries if e.changes_data], table, wording)))
    with reading_table(table.database, table.name) as connection:
        script = sql.SQL("\n").join(_statements(rows, table, manifest)).as_string(connection)
    return script + "\n"


# Id, field, SHA-256 of the text before, and what it becomes; None where the row goes.
TableChange = tuple[str, str, str, str | None]


def _rows(
    entries: list[ManifestEntry], table: Table, wording: Replacements
) -> Iterator[TableChange]:
    by_id: dict[str, list[ManifestEntry]] = defaultdict(list)
    for entry in entries:
        by_id[str(entry.id)].append(entry)
    missing = set(entries)
    for _name, _number, record in table.located(list(by_id)):
        key = str(record[table.schema.id_field])
        own = [entry for entry in by_id[key] if _is_before(record.get(entry.field), entry)]
        if not own:
            continue
        missing.difference_update(own)
        edits = verified_edits(record, table.schema.id_field, own, wording)
        if edits is None:
            yield key, own[0].field, own[0].sha256_before, None
            continue
        for name, of_field in edits.items():
            text = record[name]
            yield key, name, digest(text), apply_edits(text, of_field)
    if missing:
        entry = min(missing, key=lambda e: (str(e.id), e.field))
        raise EditRefused(
            f"{table.name}: {len(missing)} texts are not as they were when the manifest was made, "
            f"the first in the row {entry.id}."
        )


def _is_before(text: Any, entry: ManifestEntry) -> bool:
    return isinstance(text, str) and digest(text) == entry.sha256_before


def _statements(rows: list[TableChange], table: Table, manifest: str) -> Iterator[sql.Composable]:
    name, key = table_identifier(table.name), sql.Identifier(table.schema.id_field)
    columns = list(dict.fromkeys(row[1] for row in rows))

    def is_meant(column: str) -> sql.Composed:
        return sql.SQL(
            "c.field = {field} AND t.{key}::text = c.id"
            " AND encode(sha256(convert_to(t.{column}::text, 'UTF8')), 'hex') = c.sha256_before"
        ).format(field=sql.Literal(column), key=key, column=sql.Identifier(column))

    yield sql.SQL("BEGIN;")
    yield sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE;").format(name)
    yield sql.SQL(
        "CREATE TEMPORARY TABLE manifest_changes"
        " (id text, field text, sha256_before text, new_text text) ON COMMIT DROP;"
    )
    for row in rows:
        values = sql.SQL(", ").join(map(sql.Literal, row))
        yield sql.SQL("INSERT INTO manifest_changes VALUES ({});").format(values)
    any_is_meant = sql.SQL(" OR ").join(sql.SQL("({})").format(is_meant(one)) for one in columns)
    yield sql.SQL(
        "DO $$ BEGIN IF EXISTS (SELECT FROM manifest_changes AS c WHERE NOT EXISTS"
        " (SELECT FROM {name} AS t WHERE {meant})) THEN RAISE EXCEPTION {sentence}; END IF; END $$;"
    ).format(
        name=name,
        meant=any_is_meant,
        sentence=sql.Literal(
            f"Manifest {manifest}: a text is not as it was when the manifest was made. "
            "Nothing was changed."
        ),
    )
    for column in columns:
        yield sql.SQL(
            "UPDATE {name} AS t SET {column} = c.new_text FROM manifest_changes AS c"
            " WHERE c.new_text IS NOT NULL AND {meant};"
        ).format(name=name, column=sql.Identifier(column), meant=is_meant(column))
        yield sql.SQL(
            "DELETE FROM {name} AS t USING manifest_changes AS c"
            " WHERE c.new_text IS NULL AND {meant};"
        ).format(name=name, meant=is_meant(column))
    yield sql.SQL("COMMIT;")


class SqlTableFormat:
    """A table of PostgreSQL, which this machine may only read.

    A shard is the pages `start` to before `stop`, or all of it if `stop` is 0. It is changed in its
    own database, by `changes_script`.
    """

    traits = FORMATS["postgresql"]

    def shards(self, source: Source, shard_bytes: int) -> Iterator[Shard]:
        """Cut a table by its pages. Raises ReadError."""
        yield from table_shards(source.database, source.file, shard_bytes=shard_bytes)

    def batches(self, shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:  # noqa: ARG002
        """Yield the rows of a shard. Raises ReadError."""
        return table_batches(shard, schema)

    def records(self, source: Source, schema: Schema) -> Iterator[Placed]:
        """Yield the rows with their ids and texts. Raises ReadError."""
        for _name, row, record in Table(source.database, source.file, schema).rows():
            yield row, None, record

    def rewrite(
        self,
        source: Source,
        target: Path,  # noqa: ARG002
        rows: Rows,  # noqa: ARG002
        wording: Replacements,  # noqa: ARG002
        id_field: str,  # noqa: ARG002
    ) -> None:
        """Refuse: nobody copies a table. Raises EditRefused."""
        raise EditRefused(f"{source.file} is changed in its own database.")
