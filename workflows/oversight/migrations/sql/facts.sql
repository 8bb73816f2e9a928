-- The facts that figures are counted from, kept by the database: no path that changes a case can forget
-- them, and a filing makes no further round trip for them.
--
-- `oversight_derived` is what the facts are, of all cases. `oversight_keep` writes those of some, and
-- to the subtotals what came and went. What a case counts as is said by `statistics.counting` too;
-- `test_counting.py` holds both equal.

CREATE VIEW oversight_derived AS
    SELECT
        whole.id AS case_id, law.regime, part.position, whole.filed_at,
        date_trunc('month', whole.filed_at AT TIME ZONE zone.name)::date AS month,
        part.kind, whole.requester_role AS requester,
        -- Of the case as a whole: else each move would change the rows of all items.
        CASE WHEN part.position = 0 THEN whole.state ELSE '' END::varchar AS state,
        (CASE
            WHEN whole.state = 'rejected_as_abuse' THEN 'denied'
            WHEN whole.state IN ('withdrawn', 'expired', 'merged') THEN 'ended'
            WHEN whole.state NOT IN ('answered', 'closed') THEN 'open'
            WHEN whole.answered_at IS NULL THEN 'ended'
            WHEN part.granted AND part.refused THEN 'part'
            WHEN part.granted THEN 'whole'
            WHEN part.refused THEN 'denied'
            ELSE 'nothing_held'
        END)::varchar AS result,
        (CASE
            WHEN whole.state = 'rejected_as_abuse' THEN 'abuse'
            WHEN whole.state NOT IN ('answered', 'closed') OR whole.answered_at IS NULL
                OR NOT part.refused THEN ''
            WHEN law.regime = whole.regime THEN part.ground
            ELSE coalesce(part.other_grounds ->> law.regime, '')
        END)::varchar AS ground,
        coalesce(clocks.missed, false) AS missed,
        CASE WHEN NOT clocks.missed THEN clocks.late_from END AS late_from,
        (CASE
            WHEN whole.state = 'rejected_as_abuse' THEN whole.closed_at
            WHEN whole.state IN ('answered', 'closed') THEN whole.answered_at
        END AT TIME ZONE zone.name)::date - (whole.filed_at AT TIME ZONE zone.name)::date AS days
    FROM cases_case whole
    CROSS JOIN LATERAL unnest(whole.regimes) AS law (regime)
    LEFT JOIN cases_regimeversion version ON version.digest = whole.regime_versions ->> law.regime
    CROSS JOIN LATERAL (SELECT coalesce(version.zone, 'UTC') AS name) zone
    CROSS JOIN LATERAL (
        SELECT bool_or(clock.state = 'missed') AS missed,
            min(clock.due_at) FILTER (WHERE clock.state = 'running') AS late_from
        FROM cases_clock clock
        WHERE clock.case_id = whole.id AND clock.regime = law.regime AND clock.leads
    ) clocks
    CROSS JOIN LATERAL (
        SELECT 0::smallint AS position, ''::varchar AS kind, ''::varchar AS ground,
            NULL::jsonb AS other_grounds,
            bool_or(item.outcome NOT IN ('', 'refused', 'not_held', 'not_identifiable')) AS granted,
            bool_or(item.outcome = 'refused') AS refused
        FROM cases_item item WHERE item.case_id = whole.id
        UNION ALL
        SELECT item.position, item.kind, item.ground, item.other_grounds,
            item.outcome NOT IN ('', 'refused', 'not_held', 'not_identifiable'),
            item.outcome = 'refused'
        FROM cases_item item WHERE item.case_id = whole.id
    ) part;

CREATE FUNCTION oversight_keep(cases uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fresh oversight_derived[];
BEGIN
    IF cardinality(cases) = 0 THEN
        RETURN;
    END IF;
    -- Of two who change one case, the later one derives from what the earlier one left.
    PERFORM FROM cases_case WHERE id = ANY (cases) ORDER BY id FOR NO KEY UPDATE;
    fresh := ARRAY(SELECT derived FROM oversight_derived derived WHERE case_id = ANY (cases));

    INSERT INTO oversight_subtotal
        (regime, month, kind, requester, result, ground, missed, days, number)
    SELECT regime, month, kind, requester, result, ground, missed, days, sum(number)
    FROM (
        SELECT regime, month, kind, requester, result, ground, missed, days, 1 AS number
        FROM unnest(fresh)
        UNION ALL
        SELECT regime, month, kind, requester, result, ground, missed, days, -1
        FROM oversight_fact WHERE case_id = ANY (cases)
    ) came_and_went
    GROUP BY regime, month, kind, requester, result, ground, missed, days
    HAVING sum(number) <> 0;

    DELETE FROM oversight_fact
    WHERE case_id = ANY (cases)
        AND (case_id, regime, position) NOT IN (SELECT case_id, regime, position FROM unnest(fresh));

    INSERT INTO oversight_fact
        (case_id, regime, position, filed_at, month, kind, requester, state, result, ground, missed,
        late_from, days)
    SELECT case_id, regime, position, filed_at, month, kind, requester, state, result, ground, missed,
        late_from, days
    FROM unnest(fresh)
    ON CONFLICT (case_id, regime, position) DO UPDATE SET
        filed_at = EXCLUDED.filed_at, month = EXCLUDED.month, kind = EXCLUDED.kind,
        requester = EXCLUDED.requester, state = EXCLUDED.state, result = EXCLUDED.result,
        ground = EXCLUDED.ground, missed = EXCLUDED.missed, late_from = EXCLUDED.late_from,
        days = EXCLUDED.days
    WHERE oversight_fact IS DISTINCT FROM EXCLUDED;
END;
$$;

CREATE FUNCTION oversight_rows_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM oversight_keep(ARRAY(SELECT DISTINCT case_id FROM changed));
    RETURN NULL;
END;
$$;

-- A new case is written with its clocks first: its items, which always follow, are what counts it.
CREATE FUNCTION oversight_clocks_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM oversight_keep(ARRAY(
        SELECT DISTINCT case_id FROM changed
        WHERE EXISTS (SELECT FROM cases_item WHERE cases_item.case_id = changed.case_id)
    ));
    RETURN NULL;
END;
$$;

CREATE FUNCTION oversight_case_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM oversight_keep(ARRAY[NEW.id]);
    RETURN NULL;
END;
$$;

CREATE FUNCTION oversight_row_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM oversight_keep(ARRAY[NEW.case_id]);
    RETURN NULL;
END;
$$;

-- A case comes with its items and its clocks: once for all rows of a statement.

CREATE TRIGGER facts_added AFTER INSERT ON cases_item REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION oversight_rows_changed();
CREATE TRIGGER facts_removed AFTER DELETE ON cases_item REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION oversight_rows_changed();
CREATE TRIGGER facts_added AFTER INSERT ON cases_clock REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION oversight_clocks_added();

-- What changes of them, as far as it counts.

CREATE TRIGGER facts_changed AFTER UPDATE ON cases_case FOR EACH ROW
    WHEN ((OLD.state, OLD.regime, OLD.regimes, OLD.requester_role, OLD.filed_at, OLD.answered_at,
            OLD.closed_at)
        IS DISTINCT FROM (NEW.state, NEW.regime, NEW.regimes, NEW.requester_role, NEW.filed_at,
            NEW.answered_at, NEW.closed_at))
    EXECUTE FUNCTION oversight_case_changed();
CREATE TRIGGER facts_changed AFTER UPDATE ON cases_item FOR EACH ROW
    WHEN ((OLD.position, OLD.kind, OLD.outcome, OLD.ground, OLD.other_grounds)
        IS DISTINCT FROM (NEW.position, NEW.kind, NEW.outcome, NEW.ground, NEW.other_grounds))
    EXECUTE FUNCTION oversight_row_changed();
CREATE TRIGGER facts_changed AFTER UPDATE ON cases_clock FOR EACH ROW
    WHEN ((OLD.regime, OLD.leads, OLD.state, OLD.due_at)
        IS DISTINCT FROM (NEW.regime, NEW.leads, NEW.state, NEW.due_at))
    EXECUTE FUNCTION oversight_row_changed();

-- The facts of the cases that are there.

INSERT INTO oversight_fact
    (case_id, regime, position, filed_at, month, kind, requester, state, result, ground, missed,
    late_from, days)
SELECT case_id, regime, position, filed_at, month, kind, requester, state, result, ground, missed,
    late_from, days
FROM oversight_derived;

INSERT INTO oversight_subtotal
    (regime, month, kind, requester, result, ground, missed, days, number)
SELECT regime, month, kind, requester, result, ground, missed, days, count(*)
FROM oversight_fact
GROUP BY regime, month, kind, requester, result, ground, missed, days;

-- Regulators read those of their regime; see `row_security.sql`.

ALTER TABLE oversight_fact ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON oversight_fact USING (true);
CREATE POLICY one_regime ON oversight_fact AS RESTRICTIVE TO portal_regulator
    USING (regime = current_setting('portal.regime', true))
    WITH CHECK (false);

ALTER TABLE oversight_subtotal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON oversight_subtotal USING (true);
CREATE POLICY one_regime ON oversight_subtotal AS RESTRICTIVE TO portal_regulator
    USING (regime = current_setting('portal.regime', true))
    WITH CHECK (false);

GRANT SELECT ON oversight_fact, oversight_subtotal TO portal_regulator;
