-- How tables are stored that are written to at each event.

-- Counters are updated in place while there is room on their page.
ALTER TABLE ledger_casecounter SET (fillfactor = 70);
ALTER TABLE ledger_registercounter SET (fillfactor = 10);

-- The inbox is mostly dead rows, and every batch reads it from its beginning.
ALTER TABLE ledger_inbox SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0
);
