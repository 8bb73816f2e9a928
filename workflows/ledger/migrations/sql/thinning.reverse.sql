DROP FUNCTION ledger_thin;
