"""Binding the values of an older portal to their rows: a step of the migration, done once.

Values of version 1 open in any row of their table under the same key. While they are bound, each is
taken to be where it belongs; from then on nothing opens a value of version 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from workflows.vault.crypto import UNBOUND, Place, bind
from workflows.vault.fields import SealedField, SealedModel
from workflows.vault.models import DataKey

BATCH = 500


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with sealed columns; `key` is SQL for the id of the data key of its row `t`."""

    name: str
    columns: tuple[str, ...]
    key: str


def bind_rows(table: SealedTable) -> int:
    """Bind all values of version 1 in a table to their rows; return in how many rows there were.

    Works in short transactions, which let nobody else write to their rows meanwhile, and may be run
    again. Raises `DecryptionFailed` for a value that does not open, and leaves it as it is.
    """
    bound = 0
    last: Any = None
    while True:
        with transaction.atomic():
            rows = _next_rows(table, last)
            if not rows:
                return bound
            _write(table, rows)
        bound, last = bound + len(rows), rows[-1][0]


def _next_rows(table: SealedTable, last: Any) -> list[tuple[Any, ...]]:
    """Lock and return the next rows after the id `last` that hold a value of version 1.

    Each as its id; id, wrapped secret and name of its key; its sealed values.
    """
    after = "" if last is None else "t.id > %s AND "
    unbound = " OR ".join(f"substring(t.{name} FROM 1 FOR 1) = %s" for name in _quoted(table))
    values = ", ".join(f"t.{name}" for name in _quoted(table))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.id, k.id, k.wrapped, k.kek, {values} FROM {table.name} AS t"  # noqa: S608 - names of our own tables
            f" JOIN vault_datakey AS k ON k.id = {table.key}"
            f" WHERE {after}k.wrapped IS NOT NULL AND ({unbound})"
            f" ORDER BY t.id LIMIT {BATCH} FOR UPDATE OF t",
            [*([] if last is None else [last]), *[bytes([UNBOUND])] * len(table.columns)],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _write(table: SealedTable, rows: Sequence[tuple[Any, ...]]) -> None:
    sets = ", ".join(f"{name} = %s" for name in _quoted(table))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table.name} SET {sets} WHERE id = %s",  # noqa: S608 - names of our own tables
            [(*_bound(table, row), row[0]) for row in rows],
        )


def _bound(table: SealedTable, row: tuple[Any, ...]) -> Iterator[bytes | None]:
    """Yield the sealed values of a row as they are to be written."""
    pk, key_id, wrapped, kek, *stored = row
    key = DataKey(id=key_id, wrapped=wrapped, kek=kek)
    for column, value in zip(table.columns, stored, strict=True):
        place = Place(table.name, column, str(pk))
        yield None if value is None else bind(key, bytes(value), place)


def _quoted(table: SealedTable) -> list[str]:
    return [connection.ops.quote_name(column) for column in table.columns]


def sealed_tables() -> list[SealedTable]:
    """Return every table with sealed columns as the models have them now."""
    sealed = [model for model in apps.get_models() if issubclass(model, SealedModel)]
    return [
        SealedTable(model._meta.db_table, tuple(columns), _key_of(model))
        for model in sealed
        if (columns := [str(f.column) for f in model._meta.concrete_fields if _is_sealed(f)])
    ]


def _is_sealed(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, SealedField)


def _key_of(model: type[models.Model]) -> str:
    """Return SQL for the data key of a row: its own, or that of the row to which it belongs."""
    own = _foreign_key(model, DataKey)
    if own:
        return f"t.{own}"
    for field in model._meta.concrete_fields:
        parent = field.related_model
        if not field.null and isinstance(parent, type) and issubclass(parent, SealedModel):
            key = _foreign_key(parent, DataKey)
            if key:
                table = parent._meta.db_table
                return f"(SELECT p.{key} FROM {table} AS p WHERE p.id = t.{field.column})"  # noqa: S608 - names of our own tables
    raise TypeError(f"{model.__name__} leads to no data key.")


def _foreign_key(model: type[models.Model], to: type[models.Model]) -> str:
    fields = model._meta.concrete_fields
    return next((str(field.column) for field in fields if field.related_model is to), "")
