-- Old checkpoints and signatures that a later one of their day covers go, at most so many at a call.
--
-- The runtime role has no right to delete in the log: this function does, as its owner, what the triggers
-- let pass. Both parts see the rows as they were, so that the checkpoints of signatures go at the next
-- call.

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
