"""Lets old checkpoints go that a later one covers; see docs/decisions/0023-thinned-checkpoints.md.

Which may go is decided by the database alone: by its triggers, which refuse every other deletion,
and by its function `ledger_thin`, which the runtime role may call.
"""

from django.db import connection

AT_ONCE = 1000


def thin_checkpoints() -> int:
    """Delete checkpoints and cosignatures of more than 30 days ago; return how many rows.

    Of each day the last checkpoint stays, the last cosignature of each witness with what it signs,
    and whatever was timestamped. Each batch is one statement, in a transaction of its own.
    """
    thinned = 0
    while count := _thin(AT_ONCE):
        thinned += count
    return thinned


def _thin(most: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_thin(%s)", [most])
        row: tuple[int] = cursor.fetchone()
    return row[0]
