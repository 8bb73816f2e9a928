REVOKE ALL ON oversight_fact, oversight_subtotal FROM portal_regulator;
DROP POLICY one_regime ON oversight_subtotal;
DROP POLICY portal ON oversight_subtotal;
ALTER TABLE oversight_subtotal NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
DROP POLICY one_regime ON oversight_fact;
DROP POLICY portal ON oversight_fact;
ALTER TABLE oversight_fact NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
DROP TRIGGER facts_changed ON cases_clock;
DROP TRIGGER facts_changed ON cases_item;
DROP TRIGGER facts_changed ON cases_case;
DROP TRIGGER facts_added ON cases_clock;
DROP TRIGGER facts_removed ON cases_item;
DROP TRIGGER facts_added ON cases_item;
DROP FUNCTION oversight_row_changed, oversight_case_changed, oversight_clocks_added,
    oversight_rows_changed, oversight_keep;
DROP VIEW oversight_derived;
