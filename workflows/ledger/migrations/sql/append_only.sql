-- The tables of the log are read and added to, never changed, whoever connects.
--
-- ENABLE ALWAYS makes the triggers fire even in a session with session_replication_role = replica,
-- which would silence ordinary ones. A role that may alter a table can still remove them:
-- `ledger_verify` looks for that, and the signed tree shows what was changed meanwhile. The bodies of
-- these functions are what it compares.

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END;
$$;

-- Of two tables old rows may go: signatures and checkpoints from more than 30 days ago, if the next of
-- the same witness, or the next checkpoint, is of the same day (UTC). A checkpoint that somebody else
-- has signed stays.
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

CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON ledger_event
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_append_only_truncate BEFORE TRUNCATE ON ledger_event
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_event
    ENABLE ALWAYS TRIGGER ledger_append_only_row,
    ENABLE ALWAYS TRIGGER ledger_append_only_truncate;

CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON ledger_leaf
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_append_only_truncate BEFORE TRUNCATE ON ledger_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_leaf
    ENABLE ALWAYS TRIGGER ledger_append_only_row,
    ENABLE ALWAYS TRIGGER ledger_append_only_truncate;

CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON ledger_tile
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_append_only_truncate BEFORE TRUNCATE ON ledger_tile
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_tile
    ENABLE ALWAYS TRIGGER ledger_append_only_row,
    ENABLE ALWAYS TRIGGER ledger_append_only_truncate;

CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON ledger_checkpoint
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_checkpoint_change();
CREATE TRIGGER ledger_append_only_truncate BEFORE TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_checkpoint
    ENABLE ALWAYS TRIGGER ledger_append_only_row,
    ENABLE ALWAYS TRIGGER ledger_append_only_truncate;

CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON ledger_cosignature
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_cosignature_change();
CREATE TRIGGER ledger_append_only_truncate BEFORE TRUNCATE ON ledger_cosignature
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_cosignature
    ENABLE ALWAYS TRIGGER ledger_append_only_row,
    ENABLE ALWAYS TRIGGER ledger_append_only_truncate;

CREATE TRIGGER ledger_append_only_row BEFORE UPDATE OR DELETE ON ledger_timestamp
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_append_only_truncate BEFORE TRUNCATE ON ledger_timestamp
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_timestamp
    ENABLE ALWAYS TRIGGER ledger_append_only_row,
    ENABLE ALWAYS TRIGGER ledger_append_only_truncate;
