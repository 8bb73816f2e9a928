DROP VIEW ledger_leafhash;
