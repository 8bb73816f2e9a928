"""What the database itself enforces on the log, whoever connects.

ENABLE ALWAYS makes the triggers fire even in a session with session_replication_role = replica,
which would silence ordinary ones. A role that may alter the table can still remove them:
`ledger_verify` looks for that, and the signed tree shows what was changed meanwhile.
"""

from django.db import migrations

APPEND_ONLY_TABLES = ["ledger_event", "ledger_leaf", "ledger_tile", "ledger_checkpoint"]

REFUSE = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END;
$$;
"""

TRIGGERS = """
CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER ledger_append_only_row;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER ledger_append_only_truncate;
"""

DROP_TRIGGERS = """
DROP TRIGGER ledger_append_only_row ON {table};
DROP TRIGGER ledger_append_only_truncate ON {table};
"""

CHECKS = r"""
ALTER TABLE ledger_event
    ADD CONSTRAINT ledger_event_leaf_fits CHECK (octet_length(leaf) <= 65535),
    ADD CONSTRAINT ledger_event_hash_is_of_leaf
        CHECK (leaf_hash = sha256('\x00'::bytea || leaf));
"""

DROP_CHECKS = """
ALTER TABLE ledger_event
    DROP CONSTRAINT ledger_event_leaf_fits,
    DROP CONSTRAINT ledger_event_hash_is_of_leaf;
"""


def for_each_table(statements):
    return "".join(statements.format(table=table) for table in APPEND_ONLY_TABLES)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION ledger_refuse_change()"),
        migrations.RunSQL(for_each_table(TRIGGERS), for_each_table(DROP_TRIGGERS)),
        migrations.RunSQL(CHECKS, DROP_CHECKS),
    ]
