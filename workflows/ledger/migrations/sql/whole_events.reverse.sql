ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_is_whole;
DROP FUNCTION ledger_is_whole;
