"""What must be true beside state and role: the guards of the table of moves.

Pure: a guard looks at a `Situation`, which `transition.situation_of` gathers while the case is
locked, and gives a reason code when the move must be refused, an empty text when not. The code's
sentence stands in `names.REFUSAL_TEXTS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps


@dataclass(frozen=True, slots=True)
class ItemSituation:
    """What a guard must know of one item."""

    outcome: str = ""
    has_grounds: bool = True
    grants: bool = False
    assurance_suffices: bool = True
    identity_confirmed: bool = True
    verified: bool = True
    executed: bool = True
    suppressed: bool = True


@dataclass(frozen=True, slots=True)
class Situation:
    """What the guards may look at, gathered while the case is locked.

    `actor` and the other names are the stable pseudonyms of staff, empty for nobody.
    """

    actor: str = ""
    proposed_by: str = ""
    earlier_deciders: frozenset[str] = frozenset()
    identity_accepted_by: str = ""
    identity_confirmed_by: str = ""
    merge_proposed_by: str = ""
    merge_contested: bool = False
    has_merge_target: bool = False
    merge_target_open: bool = False
    contact_in_common: bool = False
    abuse_reported_by: str = ""
    erasure_requested_by: str = ""
    erased: bool = False
    complaint_open: bool = False
    complaint_upheld: bool = False
    has_contact: bool = True
    extension_open: bool = False
    fee_allowed: bool = False
    fee_asked: bool = False
    fee_fits: bool = True
    fee_asked_by: str = ""
    fee_time_over: bool = False
    part_is_free: bool = False
    kin_checked: bool = True
    other_laws: bool = False
    items: tuple[ItemSituation, ...] = field(default=())


Guard = Callable[[Situation], str]


def has_no_contact(situation: Situation) -> str:
    """Only a request that named no address is received without a confirmation."""
    return "contact_must_be_confirmed" if situation.has_contact else ""


def every_item_is_decided(situation: Situation) -> str:
    """Each item needs an outcome, and enough proof of who asks where it grants anything.

    What is refused or given only in part needs grounds.
    Where the policy wants it, a second person has looked at that proof.
    Where the law wants it, a correction was verified first, and the conditions under which a near
    relative may ask were looked at.
    """
    for item in situation.items:
        reason = _against(item)
        if reason:
            return reason
        if item.grants and not situation.kin_checked:
            return "kin_not_checked"
    return "" if situation.items else "no_items"


def _against(item: ItemSituation) -> str:
    """Return what one item lacks before a decision on it can be proposed."""
    missing = {
        "item_undecided": not item.outcome,
        "refusal_without_ground": not item.has_grounds,
        "assurance_too_low": item.grants and not item.assurance_suffices,
        "identity_not_confirmed": item.grants and not item.identity_confirmed,
        "not_verified": not item.verified,
    }
    return next((reason for reason, lacks in missing.items() if lacks), "")


def is_not_own_proposal(situation: Situation) -> str:
    """Nobody decides on a proposal of their own."""
    return "own_proposal" if situation.actor == situation.proposed_by else ""


def may_be_approved(situation: Situation) -> str:
    """Somebody else approves, and grants nothing for which a second look at who asks is missing."""
    if any(item.grants and not item.identity_confirmed for item in situation.items):
        return is_not_own_proposal(situation) or "identity_not_confirmed"
    return is_not_own_proposal(situation)


def identity_was_accepted(situation: Situation) -> str:
    """A member of staff has accepted who asks."""
    return "" if situation.identity_accepted_by else "identity_not_accepted"


def identity_was_accepted_by_another(situation: Situation) -> str:
    """The second look is taken once, and never by who took the first."""
    if not situation.identity_accepted_by:
        return "identity_not_accepted"
    if situation.identity_confirmed_by:
        return "identity_confirmed_already"
    own = situation.actor == situation.identity_accepted_by
    return "own_identity_check" if own else ""


def everything_is_executed(situation: Situation) -> str:
    """An outcome that claims a change, or a suppression, waits until that is so."""
    if not all(item.executed for item in situation.items):
        return "not_executed"
    return "" if all(item.suppressed for item in situation.items) else "not_suppressed"


def something_is_to_be_carried_out(situation: Situation) -> str:
    """A receipt is recorded for what waits to be carried out, not where nothing does."""
    return "nothing_to_carry_out" if all(item.executed for item in situation.items) else ""


def had_no_part_before(situation: Situation) -> str:
    """What was contested goes to people who had no part in deciding it."""
    return "own_earlier_decision" if situation.actor in situation.earlier_deciders else ""


def by_new_people(guard: Guard) -> Guard:
    """Return a guard that first keeps out who had a part in a decision that was contested."""

    @wraps(guard)
    def check(situation: Situation) -> str:
        return had_no_part_before(situation) or guard(situation)

    return check


def other_laws_apply(situation: Situation) -> str:
    """By the provider profile in force, the laws of the case are not those that apply to it."""
    return "" if situation.other_laws else "laws_apply"


def extension_is_open(situation: Situation) -> str:
    """The regime allows an extension, none was taken, and the time to tell it has not passed."""
    return "" if situation.extension_open else "no_extension"


def fee_may_be_asked(situation: Situation) -> str:
    """The regime lets the provider charge for what is asked, and no fee was asked before.

    Where the time to answer runs on meanwhile, enough of it must be left to decide and to answer.
    """
    if not situation.fee_allowed:
        return "no_fee"
    if situation.fee_asked:
        return "fee_already_asked"
    return "" if situation.fee_fits else "fee_too_late"


def fee_time_is_over(situation: Situation) -> str:
    """The person has the whole time that the notice of the fee named."""
    return "" if situation.fee_time_over else "fee_time_runs"


def unpaid_request_may_end(situation: Situation) -> str:
    """A request ends unpaid when its time is over, all of it costs, and another one looks at it."""
    if not situation.fee_time_over:
        return "fee_time_runs"
    if situation.part_is_free:
        return "part_is_free"
    return "own_fee" if situation.actor == situation.fee_asked_by else ""


def merge_target_goes_on(situation: Situation) -> str:
    """A case is merged into one that was received and that nobody has decided yet."""
    if not situation.has_merge_target:
        return "no_merge_target"
    return "" if situation.merge_target_open else "merge_target_decided"


def contact_is_in_common(situation: Situation) -> str:
    """One person may merge two cases that were filed from one address, confirmed for both.

    Not again where the person has said that the cases are not one.
    """
    if situation.merge_contested:
        return "merge_contested"
    reason = merge_target_goes_on(situation)
    return reason or ("" if situation.contact_in_common else "no_contact_in_common")


def merge_was_proposed(situation: Situation) -> str:
    """Somebody has proposed to merge the case."""
    return "" if situation.merge_proposed_by else "merge_not_proposed"


def merge_was_proposed_by_another(situation: Situation) -> str:
    """Two people are needed to merge cases that share no confirmed address."""
    if not situation.merge_proposed_by:
        return "merge_not_proposed"
    if situation.actor == situation.merge_proposed_by:
        return "own_merge_proposal"
    return merge_target_goes_on(situation)


def abuse_was_reported_by_another(situation: Situation) -> str:
    """Two people are needed to reject a request as abuse."""
    if not situation.abuse_reported_by:
        return "abuse_not_reported"
    return "own_report" if situation.actor == situation.abuse_reported_by else ""


def complaint_was_upheld(situation: Situation) -> str:
    """A complaint was found right after the case had ended, in whole or in part."""
    if situation.erased:
        return "erased"
    return "" if situation.complaint_upheld else "complaint_not_upheld"


def is_not_erased(situation: Situation) -> str:
    """An erased case holds nothing that could be worked on."""
    return "erased" if situation.erased else ""


def may_be_erased(situation: Situation) -> str:
    """Something is left to erase, and nobody waits for an outcome that needs the words."""
    return is_not_erased(situation) or ("complaint_open" if situation.complaint_open else "")


def erasure_was_requested_by_another(situation: Situation) -> str:
    """Two people are needed to erase a case."""
    if reason := may_be_erased(situation):
        return reason
    if not situation.erasure_requested_by:
        return "erasure_not_requested"
    return "own_erasure_request" if situation.actor == situation.erasure_requested_by else ""
