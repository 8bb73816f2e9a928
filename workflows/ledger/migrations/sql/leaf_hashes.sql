-- The hashes of the leaves, readable by whoever may read the tree though not the entries.
--
-- A view reads with the rights of its owner, so row-level security on the events does not thin out the
-- tree. The planner unfolds it: it costs what the join costs.

CREATE VIEW ledger_leafhash AS
    SELECT leaf.index, event.leaf_hash AS hash
    FROM ledger_leaf leaf JOIN ledger_event event ON event.id = leaf.event_id;
