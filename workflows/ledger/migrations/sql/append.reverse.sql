DROP FUNCTION ledger_append;
