-- Run once by the stock PostgreSQL image in docker-compose.yml, when the database is made.
-- The passwords stand in the addresses that the portal reads, and nowhere else.
\set ON_ERROR_STOP on
\if :{?secrets}
\else
  \set secrets /run/secrets
\endif
\set owner_password `sed -E 's#^[a-z]+://[^:]+:([^@]+)@.*$#\1#' :'secrets'/database_owner_url`
\set runtime_password `sed -E 's#^[a-z]+://[^:]+:([^@]+)@.*$#\1#' :'secrets'/database_url`

CREATE ROLE portal_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE portal_runtime LOGIN PASSWORD :'runtime_password';
CREATE ROLE portal_regulator NOLOGIN;
-- To be taken and not inherited: the row-level security of regulators would hold for both.
GRANT portal_regulator TO portal_owner, portal_runtime WITH INHERIT FALSE, SET TRUE;

-- The owner makes the tables; the runtime role gets its rights on them after each migration.
SELECT format('ALTER DATABASE %I OWNER TO portal_owner', current_database()) \gexec
