"""Old checkpoints that a later one of their day covers may go, and nothing else.

The triggers stay, under their names; of two tables they call functions that know the one exception.
The runtime role still has no right to delete: `ledger_thin` does, as its owner, what they let pass.
"""

from django.db import migrations, models

# A signature of the same witness, or a checkpoint, that is the next one and of the same day (UTC).
REFUSE = """
CREATE FUNCTION ledger_refuse_cosignature_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days'
        AND date_trunc('day', OLD.at, 'UTC') = (
            SELECT date_trunc('day', at, 'UTC') FROM ledger_cosignature
            WHERE witness = OLD.witness AND checkpoint_id > OLD.checkpoint_id
            ORDER BY checkpoint_id LIMIT 1
        )
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END;
$$;
CREATE FUNCTION ledger_refuse_checkpoint_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days'
        AND date_trunc('day', OLD.at, 'UTC') = (
            SELECT date_trunc('day', at, 'UTC') FROM ledger_checkpoint
            WHERE size > OLD.size ORDER BY size LIMIT 1
        )
        AND NOT EXISTS (SELECT FROM ledger_cosignature WHERE checkpoint_id = OLD.size)
        AND NOT EXISTS (SELECT FROM ledger_timestamp WHERE checkpoint_id = OLD.size)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END;
$$;
"""
DROP_REFUSE = """
DROP FUNCTION ledger_refuse_cosignature_change();
DROP FUNCTION ledger_refuse_checkpoint_change();
"""

TRIGGER = """
DROP TRIGGER ledger_append_only_row ON {table};
CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {function}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER ledger_append_only_row;
"""
FUNCTIONS = {
    "ledger_cosignature": "ledger_refuse_cosignature_change",
    "ledger_checkpoint": "ledger_refuse_checkpoint_change",
}

# Both parts see the rows as they were, so that the checkpoints of signatures go at the next call.
THIN = """
CREATE FUNCTION ledger_thin(most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH signatures AS (
        DELETE FROM ledger_cosignature WHERE id = ANY (ARRAY(
            SELECT id FROM ledger_cosignature old WHERE at < now() - interval '30 days'
            AND date_trunc('day', at, 'UTC') = (
                SELECT date_trunc('day', at, 'UTC') FROM ledger_cosignature
                WHERE witness = old.witness AND checkpoint_id > old.checkpoint_id
                ORDER BY checkpoint_id LIMIT 1
            )
            ORDER BY at LIMIT most
        )) RETURNING 1
    ), checkpoints AS (
        DELETE FROM ledger_checkpoint WHERE size = ANY (ARRAY(
            SELECT size FROM ledger_checkpoint old WHERE at < now() - interval '30 days'
            AND date_trunc('day', at, 'UTC') = (
                SELECT date_trunc('day', at, 'UTC') FROM ledger_checkpoint
                WHERE size > old.size ORDER BY size LIMIT 1
            )
            AND NOT EXISTS (SELECT FROM ledger_cosignature WHERE checkpoint_id = old.size)
            AND NOT EXISTS (SELECT FROM ledger_timestamp WHERE checkpoint_id = old.size)
            ORDER BY at LIMIT most
        )) RETURNING 1
    )
    SELECT (SELECT count(*) FROM signatures) + (SELECT count(*) FROM checkpoints)
$$;
"""


def triggers(functions):
    return "".join(
        TRIGGER.format(table=table, function=function) for table, function in functions.items()
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_one_check")]

    operations = [
        migrations.AddIndex(
            "checkpoint", models.Index(fields=["at"], name="ledger_checkpoint_at")
        ),
        migrations.AddIndex(
            "cosignature", models.Index(fields=["at"], name="ledger_cosignature_at")
        ),
        migrations.AddIndex(
            "cosignature",
            models.Index(fields=["witness", "checkpoint"], name="ledger_cosignature_of_witness"),
        ),
        migrations.RunSQL(REFUSE, DROP_REFUSE),
        migrations.RunSQL(
            triggers(FUNCTIONS), triggers(dict.fromkeys(FUNCTIONS, "ledger_refuse_change"))
        ),
        migrations.RunSQL(THIN, "DROP FUNCTION ledger_thin(integer)"),
    ]
