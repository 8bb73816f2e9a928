"""Looks whether the append-only tables are protected as migrations 0002, 0005, 0008 left them."""

from django.db import connection

APPEND_ONLY_TABLES = (
    "ledger_event",
    "ledger_leaf",
    "ledger_tile",
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_timestamp",
)

# As in pg_trigger.tgtype: 1 row, 2 before, 8 delete, 16 update, 32 truncate.
_TRIGGERS = {
    "ledger_append_only_row": 1 | 2 | 8 | 16,
    "ledger_append_only_truncate": 2 | 32,
}
_ALWAYS = "A"
_REFUSED = """
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END;
"""
_FUNCTION_BODY = f"\nBEGIN{_REFUSED}"
# Of these tables a row may be deleted nevertheless, when a later one of its day covers it.
_DELETED_IF = {
    "ledger_cosignature": """
        AND date_trunc('day', OLD.at, 'UTC') = (
            SELECT date_trunc('day', at, 'UTC') FROM ledger_cosignature
            WHERE witness = OLD.witness AND checkpoint_id > OLD.checkpoint_id
            ORDER BY checkpoint_id LIMIT 1
        )""",
    "ledger_checkpoint": """
        AND date_trunc('day', OLD.at, 'UTC') = (
            SELECT date_trunc('day', at, 'UTC') FROM ledger_checkpoint
            WHERE size > OLD.size ORDER BY size LIMIT 1
        )
        AND NOT EXISTS (SELECT FROM ledger_cosignature WHERE checkpoint_id = OLD.size)
        AND NOT EXISTS (SELECT FROM ledger_timestamp WHERE checkpoint_id = OLD.size)""",
}

# What would let rows be changed, hidden or added beside the triggers. A table that is no plain one,
# that keeps nothing over a crash, or of which the server believes that it has no triggers; children
# whose rows show in the table though its triggers do not guard them; rules; further triggers.
_BYPASSES = """
SELECT 'is not the plain table that it should be' FROM pg_class
WHERE oid = %(table)s::regclass
AND (relkind <> 'r' OR relpersistence <> 'p' OR NOT relhastriggers OR relispartition)
UNION ALL
SELECT 'inherits or is inherited from' FROM pg_inherits
WHERE %(table)s::regclass IN (inhparent, inhrelid)
UNION ALL
SELECT 'has the rule ' || rulename FROM pg_rewrite WHERE ev_class = %(table)s::regclass
UNION ALL
SELECT 'has the further trigger ' || tgname FROM pg_trigger
WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal AND NOT tgname = ANY (%(known)s)
LIMIT 1
"""

_QUERY = """
SELECT tgtype, tgenabled, tgqual IS NULL AND tgattr = '', prosrc
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE tgrelid = %s::regclass AND tgname = %s
"""


def missing_protection() -> str | None:
    """Return a sentence about the first thing that is not as it must be, or None."""
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
                if found_kind != kind or not unconditional or body != _body(table, name):
                    return f"The trigger {name} on {table} does not do what it should."
            cursor.execute(_BYPASSES, {"table": table, "known": list(_TRIGGERS)})
            bypass = cursor.fetchone()
            if bypass is not None:
                return f"The table {table} {bypass[0]}."
    return None


def _body(table: str, trigger: str) -> str:
    """Return the body that the function of a trigger must have."""
    if trigger != "ledger_append_only_row" or table not in _DELETED_IF:
        return _FUNCTION_BODY
    return f"""
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days'{_DELETED_IF[table]}
    THEN
        RETURN OLD;
    END IF;{_REFUSED}"""
