"""Most events are a further step of a case that has a counter: it is counted up first.

`INSERT … ON CONFLICT` locks the row before it changes it, which writes to the log of the database
twice; it remains for the first step, of which two may come at once.
"""

from importlib import import_module

from django.db import migrations

APPEND = r"""
CREATE OR REPLACE FUNCTION ledger_append(
    new_uid uuid, new_case uuid, new_register text, new_name text, new_role text, new_actor text,
    new_at timestamptz, before_number text, before_step text, after_step text
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    new_id bigint;
    new_step integer;
    new_number bigint;
    new_leaf bytea;
BEGIN
    IF new_case IS NOT NULL THEN
        UPDATE ledger_casecounter SET last = last + 1 WHERE "case" = new_case
        RETURNING last INTO new_step;
        IF NOT FOUND THEN
            INSERT INTO ledger_casecounter AS counter ("case", last) VALUES (new_case, 1)
            ON CONFLICT ("case") DO UPDATE SET last = counter.last + 1
            RETURNING last INTO new_step;
        END IF;
    END IF;
    IF new_register IS NOT NULL THEN
        INSERT INTO ledger_registercounter AS counter (register, last) VALUES (new_register, 1)
        ON CONFLICT (register) DO UPDATE SET last = counter.last + 1
        RETURNING last INTO new_number;
    END IF;
    new_leaf := convert_to(
        before_number || coalesce(new_number::text, 'null')
        || before_step || coalesce(new_step::text, 'null') || after_step,
        'UTF8'
    );
    INSERT INTO ledger_event (
        uid, "case", step, register, register_number, name, role, actor, at, leaf, leaf_hash
    ) VALUES (
        new_uid, new_case, new_step, new_register, new_number, new_name, new_role, new_actor,
        new_at, new_leaf, sha256('\x00'::bytea || new_leaf)
    ) RETURNING id INTO new_id;
    INSERT INTO ledger_inbox (event_id, at) VALUES (new_id, statement_timestamp());
    RETURN ARRAY[new_id, new_step, new_number];
END;
$$;
"""

_BEFORE = import_module("workflows.ledger.migrations.0004_append_in_one_statement")
APPEND_AS_BEFORE = _BEFORE.APPEND.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_evidence")]

    operations = [migrations.RunSQL(APPEND, APPEND_AS_BEFORE)]
