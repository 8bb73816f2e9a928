ALTER TABLE ledger_casecounter RESET (fillfactor);
ALTER TABLE ledger_registercounter RESET (fillfactor);
ALTER TABLE ledger_inbox RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay
);
