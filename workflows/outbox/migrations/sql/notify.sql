-- Wakes the relay when the transaction that wrote the effects commits. In the database, so that it
-- costs no query and no way of writing an effect forgets it.

CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER outbox_effect_notify AFTER INSERT ON outbox_effect
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();
