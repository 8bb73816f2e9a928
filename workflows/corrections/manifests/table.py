"""A table of PostgreSQL: its records by their ids, and a manifest as SQL that changes them there.

The portal has a role that may only read. So it writes a script, for whoever keeps the database: one
transaction, which changes all that the manifest names or nothing. The script holds personal text
and is as confidential as the table.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from workflows.corrections.manifests.edits import EditRefused, Wording, checked_edits, edited
from workflows.corrections.manifests.entries import Entry, ManifestError, digest
from workflows.corrections.manifests.resolve import Located
from workflows.datasets.lookup.readers import Schema, batches
from workflows.datasets.lookup.shards import Shard
from workflows.datasets.lookup.table_reader import reading_table, table_identifier, table_shards


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
            for batch in batches(shard, self.schema, lambda _lines: ()):
                for index in range(batch.figures.rows):
                    texts = {column.field: column.text(index) for column in batch.columns}
                    yield self.name, number, {**texts, self.schema.id_field: batch.record_id(index)}
                    number += 1


def changes_script(
    entries: Iterable[Entry], table: Table, wording: Wording, *, manifest: str
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
Row = tuple[str, str, str, str | None]


def _rows(entries: list[Entry], table: Table, wording: Wording) -> Iterator[Row]:
    by_id: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_id[str(entry.id)].append(entry)
    missing = set(entries)
    for _name, _number, record in table.located(list(by_id)):
        key = str(record[table.schema.id_field])
        own = [entry for entry in by_id[key] if _is_before(record.get(entry.field), entry)]
        if not own:
            continue
        missing.difference_update(own)
        edits = checked_edits(record, table.schema.id_field, own, wording)
        if edits is None:
            yield key, own[0].field, own[0].sha256_before, None
            continue
        for name, of_field in edits.items():
            text = record[name]
            yield key, name, digest(text), edited(text, of_field)
    if missing:
        entry = min(missing, key=lambda e: (str(e.id), e.field))
        raise EditRefused(
            f"{table.name}: {len(missing)} texts are not as they were when the manifest was made, "
            f"the first in the row {entry.id}."
        )


def _is_before(text: Any, entry: Entry) -> bool:
    return isinstance(text, str) and digest(text) == entry.sha256_before


def _statements(rows: list[Row], table: Table, manifest: str) -> Iterator[sql.Composable]:
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
