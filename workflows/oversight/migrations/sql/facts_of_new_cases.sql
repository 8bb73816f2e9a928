-- The facts of a case that has none are only written: nothing is compared with what is there, and
-- nothing taken from a subtotal. That was half of what the database did for a filing.
--
-- `oversight_derived` still says alone what the facts are. Asked for one case and not for those of a
-- list, it is read by indexes, also where the tables were empty when the plan was made.
--
-- Many cases at once, as samples are, go through `oversight_keep`, whose statements read them together.

CREATE FUNCTION oversight_begin(new_case uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH fresh AS (
        INSERT INTO oversight_fact
            (case_id, regime, position, filed_at, month, kind, requester, state, result, ground,
            missed, late_from, days)
        SELECT case_id, regime, position, filed_at, month, kind, requester, state, result, ground,
            missed, late_from, days
        FROM oversight_derived WHERE case_id = new_case
        RETURNING regime, month, kind, requester, result, ground, missed, days
    )
    INSERT INTO oversight_subtotal
        (regime, month, kind, requester, result, ground, missed, days, number)
    SELECT regime, month, kind, requester, result, ground, missed, days, count(*)
    FROM fresh
    GROUP BY regime, month, kind, requester, result, ground, missed, days;
END;
$$;

CREATE FUNCTION oversight_items_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cases uuid[] := ARRAY(SELECT DISTINCT case_id FROM changed);
BEGIN
    IF cardinality(cases) = 1 THEN
        -- Of two who add to one case, the later one finds the facts of the earlier one.
        PERFORM FROM cases_case WHERE id = cases[1] FOR NO KEY UPDATE;
        IF NOT EXISTS (SELECT FROM oversight_fact WHERE case_id = cases[1]) THEN
            PERFORM oversight_begin(cases[1]);
            RETURN NULL;
        END IF;
    END IF;
    PERFORM oversight_keep(cases);
    RETURN NULL;
END;
$$;

-- A new case is written with its clocks first: its items, which always follow, are what counts it.
CREATE OR REPLACE FUNCTION oversight_clocks_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cases uuid[] := ARRAY(SELECT DISTINCT case_id FROM changed);
BEGIN
    IF cardinality(cases) > 1
        OR EXISTS (SELECT FROM oversight_fact WHERE case_id = cases[1])
    THEN
        PERFORM oversight_keep(ARRAY(
            SELECT case_id FROM oversight_fact WHERE case_id = ANY (cases) AND position = 0
        ));
    END IF;
    RETURN NULL;
END;
$$;

DROP TRIGGER facts_added ON cases_item;
CREATE TRIGGER facts_added AFTER INSERT ON cases_item REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION oversight_items_added();
