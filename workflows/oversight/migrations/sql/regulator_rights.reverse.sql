REVOKE ALL ON ALL TABLES IN SCHEMA public FROM portal_regulator;
REVOKE UPDATE (id) ON cases_case FROM portal_regulator;
REVOKE USAGE ON SCHEMA public FROM portal_regulator;
