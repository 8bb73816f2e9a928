-- What is encrypted cannot be made smaller: PostgreSQL need not try.
ALTER TABLE vault_storedfile ALTER COLUMN content SET STORAGE EXTERNAL;
