-- The access log lists the looks out of millions of steps, newest first: an index of these alone.
--
-- Not on the model: the log knows not which of its steps are looks. The names are those of `access_log`;
-- a further name needs the index made anew.

CREATE INDEX oversight_access ON ledger_event (at DESC, id DESC) WHERE name IN (
    'case.viewed', 'register.viewed', 'bundle.exported', 'bundle.downloaded',
    'access_log.viewed', 'access_log.exported'
);
