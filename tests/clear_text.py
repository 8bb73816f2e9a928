"""Whether a text lies in the database as it is, in a column of text or in one of bytes."""

from collections.abc import Iterable

from django.apps import apps
from django.db import connection


def tables_with(text: str, tables: Iterable[str] | None = None) -> list[str]:
    """Return the tables of which a row holds this text unsealed; of all, unless some are named.

    PostgreSQL writes a row as text, and bytes in it as hexadecimal digits.
    """
    names = tables or [model._meta.db_table for model in apps.get_models()]
    found = []
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            rows = "".join(row for (row,) in cursor.fetchall())
            if text in rows or text.encode().hex() in rows:
                found.append(name)
    return found
