-- The account log lists a few steps out of millions, newest first: an index of these alone.
--
-- Not on the model: the log knows not which of its steps are about accounts. The names are those of
-- `ACCOUNT_EVENTS` in `account_log`; a further name needs the index made anew.

CREATE INDEX accounts_event ON ledger_event (at DESC, id DESC) WHERE name IN (
    'approval.requested', 'approval.granted', 'approval.rejected', 'approval.withdrawn',
    'account.activated', 'account.deactivated', 'account.address_changed', 'account.renamed',
    'roles.changed', 'invitation.mailed', 'invitation.accepted', 'invitation.revoked',
    'password.changed', 'password.reset', 'password.reset_by_link', 'password.reset_by_mail',
    'password.changed_by_command', 'second_factor.added', 'second_factor.removed',
    'superuser.created', 'regulator.admitted', 'token.issued', 'token.requested',
    'token.approved', 'token.revoked', 'pipeline.admitted', 'pipeline.token_issued',
    'pipeline.token_approved', 'pipeline.token_withdrawn', 'two_person_rule.began'
);
