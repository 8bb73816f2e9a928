-- Each change of what is stored beside the rule files gives all of it a new version.
--
-- It is random and not counted: a count that was rolled back is given again, to other rules.

CREATE FUNCTION regimes_new_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO regimes_rulesversion (id, version) VALUES (1, gen_random_uuid())
    ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version;
    RETURN NULL;
END;
$$;
CREATE TRIGGER regimes_new_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON regimes_providerprofileversion EXECUTE FUNCTION regimes_new_version();
CREATE TRIGGER regimes_new_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON regimes_publishedlimit EXECUTE FUNCTION regimes_new_version();
CREATE TRIGGER regimes_new_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON regimes_businesscalendar EXECUTE FUNCTION regimes_new_version();
INSERT INTO regimes_rulesversion (id, version) VALUES (1, gen_random_uuid());
