-- A case is filed by one function of the database: what took twenty round trips takes one.
--
-- It is given everything as one document, computed beforehand: the rows of each table under the name
-- of the table, as objects by column, so that a new column needs no new function. Nothing is written,
-- and the answer says why, where the attempt has made a case before ("case", "attempt", "body"), where
-- the intake is under load ("busy"), or where the document was computed from rules that are no more in
-- force or not kept ("stale"). Otherwise it is {"filed": true}.
--
-- Attempts wait for each other by advisory locks and not by the unique digest alone: a process that
-- knows the next index key makes another digest of the same attempt.
--
-- Events come last, for each takes the counter of its register until the commit.

CREATE FUNCTION cases_earlier(filing jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock::bigint)
    FROM jsonb_array_elements_text(filing->'locks') AS lock;
    RETURN (
        SELECT jsonb_build_object('case', case_id, 'attempt', digest, 'body', body_digest)
        FROM cases_idempotencykey WHERE digest = ANY (
            ARRAY(SELECT jsonb_array_elements_text(filing->'attempts')::bytea)
        ) LIMIT 1
    );
END;
$$;

CREATE FUNCTION cases_file(filing jsonb, moment timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    calm jsonb := nullif(filing->'calm', 'null');
    versions text[] := ARRAY(SELECT jsonb_array_elements_text(filing->'versions'));
    tables jsonb := filing->'tables';
    answer jsonb;
    event jsonb;
BEGIN
    answer := cases_earlier(filing);
    IF answer IS NOT NULL THEN
        RETURN answer;
    END IF;
    IF calm IS NOT NULL AND (calm->>'below')::bigint <= (
        SELECT count(*) FROM (
            SELECT FROM cases_case
            WHERE filed_at > (calm->>'after')::timestamptz
            AND channel IN (SELECT jsonb_array_elements_text(calm->'channels'))
            LIMIT (calm->>'below')::bigint
        ) AS lately
    ) THEN
        RETURN '{"busy": true}';
    END IF;
    IF NOT EXISTS (SELECT FROM regimes_rulesversion WHERE version = (filing->>'rules')::uuid)
        OR cardinality(versions) > (
            SELECT count(*) FROM cases_regimeversion WHERE digest = ANY (versions)
        )
    THEN
        RETURN '{"stale": true}';
    END IF;

    INSERT INTO vault_datakey
    SELECT * FROM jsonb_populate_recordset(NULL::vault_datakey, tables->'vault_datakey');
    INSERT INTO cases_case
    SELECT * FROM jsonb_populate_recordset(NULL::cases_case, tables->'cases_case');
    INSERT INTO cases_clockevent
    SELECT * FROM jsonb_populate_recordset(NULL::cases_clockevent, tables->'cases_clockevent');
    INSERT INTO cases_clock
    SELECT * FROM jsonb_populate_recordset(NULL::cases_clock, tables->'cases_clock');
    INSERT INTO cases_person
    SELECT * FROM jsonb_populate_recordset(NULL::cases_person, tables->'cases_person');
    INSERT INTO cases_identifier
    SELECT * FROM jsonb_populate_recordset(NULL::cases_identifier, tables->'cases_identifier');
    INSERT INTO cases_item
    SELECT * FROM jsonb_populate_recordset(NULL::cases_item, tables->'cases_item');
    INSERT INTO vault_blindindexentry
    SELECT * FROM jsonb_populate_recordset(NULL::vault_blindindexentry, tables->'vault_blindindexentry');
    INSERT INTO cases_idempotencykey
    SELECT * FROM jsonb_populate_recordset(NULL::cases_idempotencykey, tables->'cases_idempotencykey');
    INSERT INTO cases_eventcontent
    SELECT * FROM jsonb_populate_recordset(NULL::cases_eventcontent, tables->'cases_eventcontent');
    -- By the clock of the database, as `outbox.services.enqueue` does.
    INSERT INTO outbox_effect
    SELECT * FROM jsonb_populate_recordset(
        jsonb_populate_record(
            NULL::outbox_effect,
            jsonb_build_object('created_at', moment, 'due_at', moment)
        ),
        tables->'outbox_effect'
    );
    FOR event IN SELECT * FROM jsonb_array_elements(filing->'events') LOOP
        PERFORM ledger_append(
            (event->>'uid')::uuid, (event->>'case')::uuid, event->>'register', event->>'name',
            event->>'role', event->>'actor', (event->>'at')::timestamptz, event->>'before_number',
            event->>'before_step', event->>'after_step'
        );
    END LOOP;
    RETURN '{"filed": true}';
END;
$$;
