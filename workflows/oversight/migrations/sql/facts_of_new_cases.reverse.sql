DROP TRIGGER facts_added ON cases_item;
CREATE TRIGGER facts_added AFTER INSERT ON cases_item REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION oversight_rows_changed();
CREATE OR REPLACE FUNCTION oversight_clocks_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM oversight_keep(ARRAY(
        SELECT DISTINCT case_id FROM changed
        WHERE EXISTS (SELECT FROM cases_item WHERE cases_item.case_id = changed.case_id)
    ));
    RETURN NULL;
END;
$$;
DROP FUNCTION oversight_items_added, oversight_begin;
