-- An event is appended by one function of the database, whose plans every connection keeps.
--
-- It counts, puts the numbers into the leaf, stores event and inbox row: what took up to four round
-- trips takes one. It returns id, step and register number; an array costs the server and the client
-- much less than a row. It runs with the rights of the caller, who still may only add.
--
-- Most events are a further step of a case that has a counter: it is counted up first. `INSERT … ON
-- CONFLICT` locks the row before it changes it, which writes to the log of the database twice; it
-- remains for the first step, of which two may come at once.
--
-- There are no foreign keys into the table of events: their checks would lock each event a second time,
-- and write to its row when it is sequenced. Event and inbox row come from one statement, the places
-- from a join with the events, no event can be deleted, and `ledger_verify` looks for what points
-- nowhere.

CREATE FUNCTION ledger_append(
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
