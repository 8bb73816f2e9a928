"""Looks whether the append-only tables are still protected as migration 0002 left them."""

from django.db import connection

APPEND_ONLY_TABLES = ("ledger_event", "ledger_leaf", "ledger_tile", "ledger_checkpoint")

# As in pg_trigger.tgtype: 1 row, 2 before, 8 delete, 16 update, 32 truncate.
_TRIGGERS = {
    "ledger_append_only_row": 1 | 2 | 8 | 16,
    "ledger_append_only_truncate": 2 | 32,
}
_ALWAYS = "A"
_FUNCTION_BODY = """
BEGIN
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END;
"""

_QUERY = """
SELECT tgtype, tgenabled, tgqual IS NULL AND tgattr = '', prosrc
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE tgrelid = %s::regclass AND tgname = %s
"""


def missing_protection() -> str | None:
    """Return a sentence about the first trigger that is not as it must be, or None."""
    with connection.cursor() as cursor:
        for table in APPEND_ONLY_TABLES:
            for name, kind in _TRIGGERS.items():
                cursor.execute(_QUERY, [table, name])
                row = cursor.fetchone()
                if row is None:
                    return f"The trigger {name} is missing on {table}."
                found_kind, enabled, unconditional, body = row
                if enabled != _ALWAYS:
                    return f"The trigger {name} on {table} is not ENABLE ALWAYS."
                if found_kind != kind or not unconditional or body != _FUNCTION_BODY:
                    return f"The trigger {name} on {table} does not do what it should."
    return None
