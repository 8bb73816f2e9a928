-- What the database itself lets the regulators' role see and write: the rows of one regime.
--
-- For every other role the policy `portal` lets each row through; the planner drops it, so that it costs
-- nothing. `one_regime` restricts the role `portal_regulator` besides: USING says which rows it sees,
-- WITH CHECK which it may write, and it writes only where `regulator_rights` allows it. In an
-- expression the policies of the tables that it reads hold as well.
--
-- `portal.regime`, `portal.actor` and `portal.account` are set with the role, for one transaction.
-- Without them the role sees nothing. FORCE: the owner of a table is bound as well.

-- Cases: the rows that belong to a case under the law of this regulator.

ALTER TABLE cases_case ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_case USING (true);
CREATE POLICY one_regime ON cases_case AS RESTRICTIVE TO portal_regulator
    USING (regimes @> ARRAY[current_setting('portal.regime', true)::varchar])
    WITH CHECK (false);

ALTER TABLE vault_datakey ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON vault_datakey USING (true);
CREATE POLICY one_regime ON vault_datakey AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case
        WHERE cases_case.data_key_id = vault_datakey.id))
    WITH CHECK (false);

ALTER TABLE cases_attachment ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_attachment USING (true);
CREATE POLICY one_regime ON cases_attachment AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case WHERE cases_case.id = cases_attachment.case_id))
    WITH CHECK (false);

ALTER TABLE cases_clock ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_clock USING (true);
CREATE POLICY one_regime ON cases_clock AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case WHERE cases_case.id = cases_clock.case_id))
    WITH CHECK (false);

ALTER TABLE cases_clockevent ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_clockevent USING (true);
CREATE POLICY one_regime ON cases_clockevent AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case WHERE cases_case.id = cases_clockevent.case_id))
    WITH CHECK (false);

ALTER TABLE cases_eventcontent ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_eventcontent USING (true);
CREATE POLICY one_regime ON cases_eventcontent AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case
        WHERE cases_case.id = cases_eventcontent.case_id))
    WITH CHECK (false);

ALTER TABLE cases_identifier ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_identifier USING (true);
CREATE POLICY one_regime ON cases_identifier AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case WHERE cases_case.id = cases_identifier.case_id))
    WITH CHECK (false);

ALTER TABLE cases_item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_item USING (true);
CREATE POLICY one_regime ON cases_item AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case WHERE cases_case.id = cases_item.case_id))
    WITH CHECK (false);

ALTER TABLE cases_message ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_message USING (true);
CREATE POLICY one_regime ON cases_message AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case WHERE cases_case.id = cases_message.case_id))
    WITH CHECK (false);

ALTER TABLE cases_person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON cases_person USING (true);
CREATE POLICY one_regime ON cases_person AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case WHERE cases_case.id = cases_person.case_id))
    WITH CHECK (false);

ALTER TABLE corrections_instruction ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON corrections_instruction USING (true);
CREATE POLICY one_regime ON corrections_instruction AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_item
        WHERE cases_item.id = corrections_instruction.item_id))
    WITH CHECK (false);

ALTER TABLE complaints_complaint ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON complaints_complaint USING (true);
CREATE POLICY one_regime ON complaints_complaint AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case
        WHERE cases_case.id = complaints_complaint.case_id))
    WITH CHECK (false);

ALTER TABLE complaints_complaintclock ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON complaints_complaintclock USING (true);
CREATE POLICY one_regime ON complaints_complaintclock AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case
        WHERE cases_case.id = complaints_complaintclock.case_id))
    WITH CHECK (false);

ALTER TABLE complaints_complaint_letters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON complaints_complaint_letters USING (true);
CREATE POLICY one_regime ON complaints_complaint_letters AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM complaints_complaint
        WHERE complaints_complaint.id = complaints_complaint_letters.complaint_id))
    WITH CHECK (false);

-- The log: the steps of such cases, and one's own that are of no case, such as a look at a list.

ALTER TABLE ledger_casecounter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON ledger_casecounter USING (true);
CREATE POLICY one_regime ON ledger_casecounter AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case
        WHERE cases_case.pseudonym = ledger_casecounter.case))
    WITH CHECK (EXISTS (SELECT FROM cases_case
        WHERE cases_case.pseudonym = ledger_casecounter.case));

ALTER TABLE ledger_event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON ledger_event USING (true);
CREATE POLICY one_regime ON ledger_event AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM cases_case
        WHERE cases_case.pseudonym = ledger_event.case)
        OR ledger_event.case IS NULL AND actor = current_setting('portal.actor', true))
    WITH CHECK (EXISTS (SELECT FROM cases_case
        WHERE cases_case.pseudonym = ledger_event.case)
        OR ledger_event.case IS NULL AND actor = current_setting('portal.actor', true));

ALTER TABLE ledger_inbox ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON ledger_inbox USING (true);
CREATE POLICY one_regime ON ledger_inbox AS RESTRICTIVE TO portal_regulator
    USING (EXISTS (SELECT FROM ledger_event
        WHERE ledger_event.id = ledger_inbox.event_id))
    WITH CHECK (EXISTS (SELECT FROM ledger_event
        WHERE ledger_event.id = ledger_inbox.event_id));

-- Exports, and the effect that asks for one; the checkpoints that an account keeps.

ALTER TABLE outbox_effect ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON outbox_effect USING (true);
CREATE POLICY one_regime ON outbox_effect AS RESTRICTIVE TO portal_regulator
    USING (kind = 'exports.make_bundle'
        AND EXISTS (SELECT FROM exports_bundlejob
        WHERE exports_bundlejob.id::text = outbox_effect.payload->>'id'))
    WITH CHECK (kind = 'exports.make_bundle'
        AND EXISTS (SELECT FROM exports_bundlejob
        WHERE exports_bundlejob.id::text = outbox_effect.payload->>'id'));

ALTER TABLE exports_bundlejob ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON exports_bundlejob USING (true);
CREATE POLICY one_regime ON exports_bundlejob AS RESTRICTIVE TO portal_regulator
    USING (regime = current_setting('portal.regime', true))
    WITH CHECK (regime = current_setting('portal.regime', true));

ALTER TABLE oversight_keptcheckpoint ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON oversight_keptcheckpoint USING (true);
CREATE POLICY one_regime ON oversight_keptcheckpoint AS RESTRICTIVE TO portal_regulator
    USING (account_id::text = current_setting('portal.account', true))
    WITH CHECK (account_id::text = current_setting('portal.account', true));
