"""Statements that the server prepares once for each connection, and then only executes."""

from typing import Any, cast

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


def prepared_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """Return a cursor for statements with `$1`, `$2` … in place of the values.

    Django's own cursors put the values into the statement, which the server then reads anew each
    time. Without the option `prepare_threshold` of the connection nothing is prepared.
    """
    if connection.connection is None:
        connection.ensure_connection()
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor: CursorWrapper = wrap(cast("Any", psycopg.RawCursor(connection.connection)))
    return cursor
