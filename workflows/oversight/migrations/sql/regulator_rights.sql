-- What the regulators' role may do at all: read what their pages and exports show, add to the log, ask
-- for exports. On any other table it has no right.

GRANT USAGE ON SCHEMA public TO portal_regulator;

-- Of cases and of their steps: what `row_security` lets through.
GRANT SELECT ON
    cases_case, cases_clock, cases_clockevent, cases_eventcontent, cases_item,
    complaints_complaint, complaints_complaintclock, ledger_event, vault_datakey
    TO portal_regulator;
-- The lock of an export needs the right to update a column; the policy lets no update through.
GRANT UPDATE (id) ON cases_case TO portal_regulator;

-- The same for every regime: the law, hashes and signatures of the log, and the register of datasets and
-- models. Who was given data, they may not read.
GRANT SELECT ON
    cases_regimeversion, regimes_businesscalendar,
    ledger_checkpoint, ledger_cosignature, ledger_leaf, ledger_leafhash, ledger_tile,
    ledger_timestamp,
    datasets_dataset, datasets_snapshot, datasets_trainedmodel, datasets_trainedmodel_snapshots
    TO portal_regulator;

GRANT INSERT ON ledger_event, ledger_inbox TO portal_regulator;
GRANT SELECT, INSERT, UPDATE ON ledger_casecounter, oversight_keptcheckpoint TO portal_regulator;
GRANT SELECT, INSERT ON outbox_effect, exports_bundlejob TO portal_regulator;
