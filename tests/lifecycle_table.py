"""The moves of a case, written down a second time by hand: a change must be made in both."""

# action: from which states, to which (. when it stays), by whom.
# `open` is every state that neither ended nor was answered; `ended` has no way on but contesting
# a closed case, taking a merged one out again, and erasing.
TABLE = """
confirm_contact   | filed                                    | received          | public
receive           | filed                                    | received          | system
expire            | filed                                    | expired           | system
acknowledge       | open                                     | .                 | system
assign            | open answered                            | .                 | system intake reviewer approver privacy_officer
begin_triage      | filed received                           | triage            | intake reviewer privacy_officer
ask_identity      | triage in_review                         | identity_needed   | intake reviewer privacy_officer
accept_identity   | identity_needed                          | triage            | intake reviewer privacy_officer
reject_identity   | identity_needed                          | triage            | intake reviewer privacy_officer
confirm_identity  | triage in_review decision_proposed       | .                 | intake reviewer privacy_officer
doubt_identity    | triage in_review                         | .                 | intake reviewer privacy_officer
ask_information   | triage in_review                         | information_needed| intake reviewer privacy_officer
give_information  | information_needed                       | in_review         | public intake reviewer privacy_officer
go_on_without_information | information_needed               | in_review         | intake reviewer privacy_officer
ask_fee           | triage in_review                         | fee_needed        | reviewer privacy_officer
confirm_fee_paid  | fee_needed                               | in_review         | intake reviewer privacy_officer
waive_fee         | fee_needed                               | in_review         | reviewer privacy_officer
go_on_unpaid      | fee_needed                               | in_review         | reviewer privacy_officer
end_unpaid        | fee_needed                               | expired           | reviewer privacy_officer
begin_review      | triage                                   | in_review         | reviewer privacy_officer
record_finding    | in_review                                | .                 | reviewer privacy_officer
propose_decision  | in_review                                | decision_proposed | reviewer privacy_officer
send_back         | decision_proposed                        | in_review         | approver privacy_officer
approve           | decision_proposed                        | executing         | approver privacy_officer
stop_execution    | executing                                | in_review         | approver privacy_officer
record_execution  | executing                                | .                 | data_steward privacy_officer
answer            | executing                                | answered          | reviewer approver privacy_officer
close             | answered                                 | closed            | system reviewer approver privacy_officer
contest           | answered closed                          | contested         | public
reopen            | contested                                | in_review         | reviewer privacy_officer
let_stand         | contested                                | answered          | system
extend            | working                                  | .                 | reviewer approver privacy_officer
change_law        | filed received triage identity_needed information_needed in_review | .      | privacy_officer
write_to_person   | open answered                            | .                 | intake reviewer approver privacy_officer
write_to_provider | open answered                            | .                 | public
remind            | open                                     | .                 | system
mark_late         | open                                     | .                 | system
withdraw          | open                                     | withdrawn         | public
propose_merge     | filed received triage in_review          | .                 | intake reviewer privacy_officer
merge             | filed received triage in_review          | merged            | intake reviewer privacy_officer
approve_merge     | filed received triage in_review          | merged            | approver privacy_officer
decline_merge     | filed received triage in_review          | .                 | approver privacy_officer
reinstate         | rejected_as_abuse expired                | triage            | reviewer privacy_officer
unmerge           | merged                                   | triage            | public reviewer privacy_officer
report_abuse      | filed received triage in_review          | .                 | intake reviewer privacy_officer
reject_as_abuse   | filed received triage in_review          | rejected_as_abuse | approver privacy_officer
request_erasure   | ended                                    | .                 | privacy_officer
erase             | ended                                    | .                 | privacy_officer
end_erased        | open answered                            | closed            | system
erase_again       | ended                                    | .                 | system
"""
ENDED = {"closed", "expired", "withdrawn", "merged", "rejected_as_abuse"}
OPEN_STATES = {
    "filed",
    "received",
    "triage",
    "identity_needed",
    "information_needed",
    "fee_needed",
    "in_review",
    "decision_proposed",
    "executing",
    "contested",
}
GROUPS = {
    "open": OPEN_STATES,
    "ended": ENDED,
    "working": OPEN_STATES - {"filed", "contested"},
}


def _states(text: str) -> set[str]:
    return set().union(*(GROUPS.get(word, {word}) for word in text.split()))


def _rows() -> dict[str, tuple[set[str], str | None, set[str]]]:
    rows = {}
    for line in TABLE.strip().splitlines():
        action, sources, target, roles = (cell.strip() for cell in line.split("|"))
        rows[action] = (_states(sources), None if target == "." else target, set(roles.split()))
    return rows


ROWS = _rows()
