"""What the states and actions of the lifecycle, and the reasons to refuse one, are on a screen."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from workflows.cases.lifecycle import Action, State
from workflows.common.state_machine import Refusal

STATE_NAMES = {
    State.FILED: _("Filed, contact not confirmed"),
    State.RECEIVED: _("Received"),
    State.TRIAGE: _("In triage"),
    State.IDENTITY_NEEDED: _("Waiting for proof of identity"),
    State.INFORMATION_NEEDED: _("Waiting for information"),
    State.FEE_NEEDED: _("Waiting for a fee"),
    State.IN_REVIEW: _("Under review"),
    State.DECISION_PROPOSED: _("Decision proposed"),
    State.EXECUTING: _("Being carried out"),
    State.ANSWERED: _("Answered"),
    State.CONTESTED: _("Contested"),
    State.CLOSED: _("Closed"),
    State.EXPIRED: _("Expired"),
    State.WITHDRAWN: _("Withdrawn"),
    State.MERGED: _("Merged with another case"),
    State.REJECTED_AS_ABUSE: _("Rejected as abuse"),
}


ACTION_NAMES = {
    Action.CONFIRM_CONTACT: _("Confirm the contact"),
    Action.RECEIVE: _("Accept without contact"),
    Action.EXPIRE: _("Let expire"),
    Action.ACKNOWLEDGE: _("Acknowledge"),
    Action.ASSIGN: _("Assign"),
    Action.BEGIN_TRIAGE: _("Begin sorting"),
    Action.ASK_IDENTITY: _("Ask for proof of identity"),
    Action.ACCEPT_IDENTITY: _("Accept the proof of identity"),
    Action.REJECT_IDENTITY: _("Go on without proof of identity"),
    Action.CONFIRM_IDENTITY: _("Confirm the identity as a second person"),
    Action.DOUBT_IDENTITY: _("Doubt the identity"),
    Action.ASK_INFORMATION: _("Ask for information"),
    Action.GIVE_INFORMATION: _("Go on with the information"),
    Action.GO_ON_WITHOUT_INFORMATION: _("Go on without the information"),
    Action.ASK_FEE: _("Ask for a fee"),
    Action.CONFIRM_FEE_PAID: _("Confirm that the fee was paid"),
    Action.WAIVE_FEE: _("Waive the fee"),
    Action.GO_ON_UNPAID: _("Go on without the paid part"),
    Action.END_UNPAID: _("End for the unpaid fee"),
    Action.BEGIN_REVIEW: _("Begin the review"),
    Action.RECORD_FINDING: _("Record a finding"),
    Action.PROPOSE_DECISION: _("Propose a decision"),
    Action.SEND_BACK: _("Send back"),
    Action.STOP_EXECUTION: _("Stop and review again"),
    Action.APPROVE: pgettext_lazy("action", "Approve"),
    Action.RECORD_EXECUTION: _("Record that it was carried out"),
    Action.ANSWER: _("Send the answer"),
    Action.CLOSE: pgettext_lazy("action", "Close"),
    Action.CONTEST: _("Contest the answer"),
    Action.REOPEN: _("Take up again"),
    Action.LET_STAND: _("Let the answer stand"),
    Action.EXTEND: _("Extend the time"),
    Action.CHANGE_LAW: _("Apply other laws"),
    Action.WRITE_TO_PERSON: _("Write to the person"),
    Action.WRITE_TO_PROVIDER: _("Write to the provider"),
    Action.REMIND: _("Remind"),
    Action.MARK_LATE: _("Mark as late"),
    Action.WITHDRAW: _("Withdraw the request"),
    Action.PROPOSE_MERGE: _("Propose a merge"),
    Action.MERGE: _("Merge into another case"),
    Action.APPROVE_MERGE: _("Approve the merge"),
    Action.DECLINE_MERGE: _("Decline the merge"),
    Action.UNMERGE: _("Undo the merge"),
    Action.REINSTATE: _("Reopen after the complaint"),
    Action.REPORT_ABUSE: _("Report as abuse"),
    Action.REJECT_AS_ABUSE: _("Reject as abuse"),
    Action.REQUEST_ERASURE: _("Request erasure"),
    Action.ERASE: _("Erase"),
    Action.END_ERASED: _("End what was erased before"),
    Action.ERASE_AGAIN: _("Erase again"),
}

# Why a move is refused, as a sentence for the person who tried.
REFUSAL_TEXTS = {
    Refusal.WRONG_STATE: _("This cannot be done in the state in which the case is now."),
    Refusal.WRONG_ROLE: _("Your role may not do this."),
    "contact_must_be_confirmed": _("The contact has first to be confirmed by the person."),
    "item_undecided": _("Each item needs an outcome first."),
    "refusal_without_ground": _(
        "What is refused or given only in part needs a ground of each law that grants it."
    ),
    "assurance_too_low": _("The person has not yet proved enough of who they are for this."),
    "identity_not_confirmed": _(
        "Before this is granted, somebody other than the colleague who accepted the proof of"
        " identity has to confirm it."
    ),
    "identity_not_accepted": _("Nobody has accepted a proof of identity yet."),
    "identity_confirmed_already": _("A second person has confirmed the identity already."),
    "own_identity_check": _(
        "You accepted the proof of identity; a colleague of intake or review has to confirm it."
    ),
    "not_verified": _(
        "The law of this case wants the information verified before it is corrected. Record in the"
        " finding how it was verified."
    ),
    "kin_not_checked": _(
        "Record in the finding that kinship, the relative's own interest and the arrangement of"
        " the deceased were looked at."
    ),
    "no_items": _("The case has no items."),
    "own_proposal": _("You proposed this decision; somebody else has to decide on it."),
    "nothing_to_carry_out": _("Nothing is waiting to be carried out."),
    "not_executed": _("An instruction to a data pipeline has not been carried out yet."),
    "not_suppressed": _(
        "An item is said to be suppressed in the model's output, but no entry of the suppression"
        " list is in force for it. A data steward adds what the model must not say."
    ),
    "own_earlier_decision": _(
        "You took part in the decision that was contested. Another reviewer has to propose and"
        " another approver has to approve; where there is none, an administrator can give a"
        " colleague the role."
    ),
    "laws_apply": _("By the provider profile in force, the laws of this case are the right ones."),
    "no_extension": _("The law of this case allows no extension, or not any more."),
    "no_fee": _("The law of this case allows no fee for what is asked."),
    "fee_too_late": _(
        "Part of this request is free, and too little of its time is left to wait for a fee."
        " Waive the fee, or refuse the part that costs."
    ),
    "fee_already_asked": _("A fee was asked for before; one request is charged once at most."),
    "fee_time_runs": _("The time that the person has to pay is not over yet."),
    "part_is_free": _("Part of the request costs nothing; go on without the paid part."),
    "own_fee": _("You asked for the fee; somebody else has to end the case for it."),
    "no_merge_target": _("Say into which case it is to be merged."),
    "merge_target_decided": _(
        "The other case was not received yet, has ended, or is decided. Choose one that is still"
        " being worked on."
    ),
    "no_contact_in_common": _(
        "The two cases share no e-mail address that was confirmed for both. Propose the merge;"
        " somebody else approves it."
    ),
    "merge_contested": _(
        "The person said that the cases are not one. Propose the merge; somebody else approves it."
    ),
    "merge_not_proposed": _("Somebody has to propose the merge first."),
    "own_merge_proposal": _("You proposed the merge; somebody else has to approve it."),
    "abuse_not_reported": _("Somebody has to report the abuse first."),
    "own_report": _("You reported the abuse; somebody else has to decide on it."),
    "complaint_open": _("A complaint about this case is open. Answer it first."),
    "complaint_not_upheld": _(
        "A case that has ended is reopened only after a complaint about it was upheld."
    ),
    "erased": _("The case has been erased."),
    "erasure_not_requested": _("Somebody has to request the erasure first."),
    "own_erasure_request": _("You requested the erasure; somebody else has to carry it out."),
}
