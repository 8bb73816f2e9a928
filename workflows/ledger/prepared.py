"""Statements that the server prepares once for each connection, and then only executes."""

import threading
from typing import Any, cast

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


class _Kept(threading.local):
    """The cursor of each connection of this thread, by the connection's alias."""

    def __init__(self) -> None:
        self.cursors: dict[str, psycopg.RawCursor[Any]] = {}


_kept = _Kept()


def prepared_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """Return a cursor for statements with `$1`, `$2` … in place of the values.

    Django's own cursors put the values into the statement, which the server then reads anew each
    time. Without the option `prepare_threshold` of the connection nothing is prepared.

    The cursor is the same each time: to make one costs more than to spell an event. So read its
    answer before the next call, and do not close it.
    """
    if connection.connection is None:
        connection.ensure_connection()
    cursor = _kept.cursors.get(connection.alias)
    if cursor is None or cursor.connection is not connection.connection or cursor.closed:
        cursor = psycopg.RawCursor(connection.connection)
        _kept.cursors[connection.alias] = cursor
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    wrapped: CursorWrapper = wrap(cast("Any", cursor))
    return wrapped
