"""What staff do to a case in the lifecycle: identity, findings, decisions, fees, abuse."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import SYSTEM, Actor
from workflows.cases.clocks import recompute
from workflows.cases.decision_rules import check_decision, grounds_kept, laws_of
from workflows.cases.lifecycle import MOVES, Action
from workflows.cases.models import Case, Item
from workflows.cases.transition import advance, append_case_event, lock_case
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.ledger.selectors import events_of_case
from workflows.vocabulary.item_kinds import stands_in
from workflows.vocabulary.outcomes import CHANGES_DATA, Outcome, Scope, ScopeResult
from workflows.vocabulary.people import Assurance

MAX_AMOUNT = Decimal(1_000_000)
_CENTS = 2
_CURRENCY = re.compile("[A-Z]{3}")


def accept_identity(case: Case, actor: Actor, assurance: str, grounds: str) -> None:
    """Accept proof of identity at one level of assurance, saying on what it rests."""
    if assurance not in Assurance.values or assurance == Assurance.NONE:
        raise InvalidInput(_("Choose how well the person is now known."))
    grounds = require_text(grounds)
    with transaction.atomic():
        advance(
            case,
            Action.ACCEPT_IDENTITY,
            actor,
            facts={"assurance": assurance},
            contents={"grounds": grounds},
        )
        case.assurance = assurance
        case.save(update_fields=["assurance"])


def reject_identity(case: Case, actor: Actor, grounds: str) -> None:
    """Go on although identity was not proved: what needs it can then only be refused.

    For the clocks it is as if the proof had never been asked for.
    """
    advance(case, Action.REJECT_IDENTITY, actor, contents={"grounds": require_text(grounds)})


def confirm_identity(case: Case, actor: Actor, grounds: str) -> None:
    """Confirm, as a second person, how well the first one found the person to be known."""
    advance(
        case,
        Action.CONFIRM_IDENTITY,
        actor,
        facts={"assurance": case.assurance},
        contents={"grounds": require_text(grounds)},
    )


def grounds_of_identity(case: Case) -> list[str]:
    """Return on what the proof of identity was accepted, the last grounds alone."""
    return _said_last(case, Action.ACCEPT_IDENTITY, "grounds")


def explanation_of_approval(case: Case) -> list[str]:
    """Return why the last approval was given although the evidence did not bear it out, if so."""
    return _said_last(case, Action.APPROVE, "explanation")


def _said_last(case: Case, action: Action, name: str) -> list[str]:
    """Return what was said the last time that a move was taken, if anything."""
    taken = events_of_case(case.pseudonym).filter(name=MOVES[action].event)
    event = taken.order_by("step").last()
    opened = case.contents.filter(event=event.uid, name=name).first() if event else None
    return [str(opened.opening["content"])] if opened else []


def doubt_identity(case: Case, actor: Actor, grounds: str) -> None:
    """Take back that the person is known: what remains is whether the contact was confirmed."""
    advance(case, Action.DOUBT_IDENTITY, actor, contents={"grounds": require_text(grounds)})


def go_on_without_information(case: Case, actor: Actor, grounds: str) -> None:
    """Go on although a question was not answered; for the clocks it was then never asked."""
    grounds = require_text(grounds)
    advance(case, Action.GO_ON_WITHOUT_INFORMATION, actor, contents={"grounds": grounds})


def reinstate(case: Case, actor: Actor, reasons: str) -> None:
    """Reopen a case that was rejected or let go of, after a complaint about that was upheld.

    Its time has run all along. Raises `InvalidInput`, `MoveRefused`.
    """
    reasons = require_text(reasons)
    with transaction.atomic():
        advance(case, Action.REINSTATE, actor, contents={"reasons": reasons})
        recompute(case)


def report_abuse(case: Case, actor: Actor, reasons: str) -> None:
    """Report that a request is an abuse; somebody else decides."""
    advance(case, Action.REPORT_ABUSE, actor, contents={"reasons": require_text(reasons)})


def receive_without_contact(case: Case) -> None:
    """Receive a request whose sender named no address to confirm."""
    advance(case, Action.RECEIVE, SYSTEM)


def log_case_view(case: Case, actor: Actor, *, what: str) -> None:
    """Record that a member of staff or a regulator looked at personal data of a case."""
    with transaction.atomic():
        append_case_event(
            case,
            "case.viewed",
            role=actor.role,
            pseudonym=actor.pseudonym,
            facts={"what": what},
        )


@dataclass(frozen=True, slots=True)
class ItemProposal:
    """What a reviewer proposes for one item.

    `ground` is a code of the case's leading regime; `other_grounds` are those of the other laws
    that grant the item, by regime.
    """

    item: Item
    outcome: str
    reasons: str
    ground: str = ""
    retraining_on: date | None = None
    instead_because: str = ""
    other_grounds: Mapping[str, str] = field(default_factory=dict)

    def grounds_in(self, case: Case) -> dict[str, str]:
        """Return the grounds by regime."""
        return {**self.other_grounds, **({case.regime: self.ground} if self.ground else {})}


# Given a case and what is said of its scopes: of which of them something else is known.
FindingCheck = Callable[[Case, Mapping[str, str]], Collection[str]]
_finding_checks: list[FindingCheck] = []


def finding_check(check: FindingCheck) -> FindingCheck:
    """Register a function that holds a finding against what is known, and may refuse it."""
    if check not in _finding_checks:
        _finding_checks.append(check)
    return check


def record_finding(
    case: Case,
    actor: Actor,
    item: Item,
    finding: str,
    scopes: Mapping[str, str],
    *,
    verification: str = "",
    kin: str = "",
    differs: bool = False,
) -> None:
    """Record what was found for an item, and what the search of each scope came to.

    `verification` says how it was verified that the person is right; `kin` what was found on the
    conditions for a near relative. Each may be left out, and then stays as it was. With `differs`,
    whoever records it knows better than a look-up that came to something else, and says so.
    Raises `InvalidInput`, and `Refused` for what the checks of findings do not let through.
    """
    finding = require_text(finding)
    more = {
        name: require_text(text)
        for name, text in (("verification", verification), ("kin", kin))
        if text.strip()
    }
    unknown = set(scopes) - set(Scope.values) or set(scopes.values()) - set(ScopeResult.values)
    if unknown:
        raise InvalidInput(_("Choose a result for each place from the list."))
    with transaction.atomic():
        # Before its items: in the order in which the moves lock them.
        locked = lock_case(case)
        differing = sorted({scope for check in _finding_checks for scope in check(locked, scopes)})
        if differing and not differs:
            places = _("; ").join(str(Scope(scope).label) for scope in differing)
            raise InvalidInput(
                _("The look-up came to something else: %(places)s. Say that it differs, and why.")
                % {"places": places}
            )
        item.finding = finding
        item.scopes = dict(scopes)
        if "verification" in more:
            item.is_verified, item.verification = True, more["verification"]
        item.save(update_fields=["finding", "scopes", "is_verified", "verification"])
        advance(
            case,
            Action.RECORD_FINDING,
            actor,
            facts={
                "item": item.position,
                "scopes": dict(scopes),
                **({"verified": True} if "verification" in more else {}),
                **({"kin_checked": True} if "kin" in more else {}),
                **({"differs": differing} if differing else {}),
            },
            contents={"finding": finding, **more},
        )
        if "kin" in more:
            case.kin_checked, case.kin_finding = True, more["kin"]
            case.save(update_fields=["kin_checked", "kin_finding"])


def propose_decision(case: Case, actor: Actor, proposals: Sequence[ItemProposal]) -> None:
    """Propose an outcome with its reasons for each item of the case.

    Raises `InvalidInput` for an outcome that the kind of item cannot come to or that a law of the
    case does not know for it, for a refusal or a partial outcome without a ground of each law, for
    reasons that are missing, and `MoveRefused` as the lifecycle says.
    """
    for proposal in proposals:
        _check_proposal(case, proposal)
    with transaction.atomic():
        # Before its items: in the order in which the moves lock them.
        lock_case(case)
        for proposal in proposals:
            item = proposal.item
            item.outcome = proposal.outcome
            grounds = grounds_kept(
                laws_of(case, item.kind), item.kind, item.outcome, proposal.grounds_in(case)
            )
            item.ground = grounds.pop(case.regime, "")
            item.other_grounds = grounds
            item.reasons = proposal.reasons.strip()
            queued = proposal.outcome == Outcome.QUEUED_FOR_RETRAINING
            item.retraining_on = proposal.retraining_on if queued else None
            item.instead_because = proposal.instead_because.strip() if _stands_in(proposal) else ""
            item.save(
                update_fields=[
                    "outcome",
                    "ground",
                    "other_grounds",
                    "reasons",
                    "retraining_on",
                    "instead_because",
                ]
            )
        advance(
            case,
            Action.PROPOSE_DECISION,
            actor,
            facts={"outcomes": outcomes_of(case)},
            contents={
                "reasons": {str(p.item.position): p.reasons.strip() for p in proposals},
                **({"instead_because": instead} if (instead := _instead(proposals)) else {}),
            },
        )


def _check_proposal(case: Case, proposal: ItemProposal) -> None:
    """Refuse what the kind of item or a law does not know, or what lacks its reason."""
    kind, outcome = proposal.item.kind, proposal.outcome
    check_decision(laws_of(case, kind), kind, outcome, proposal.grounds_in(case), proposal.reasons)
    if outcome == Outcome.QUEUED_FOR_RETRAINING:
        zone = case.lead_regime.place(case.residence).zone
        today = timezone.localdate(timezone=ZoneInfo(zone))
        if proposal.retraining_on is None or proposal.retraining_on <= today:
            raise InvalidInput(_("Say on which coming day the model will be trained again."))
    require_text(proposal.reasons)
    if _stands_in(proposal):
        if not proposal.instead_because.strip():
            raise InvalidInput(_("Say why it cannot be done as it was asked for."))
        require_text(proposal.instead_because)


def _stands_in(proposal: ItemProposal) -> bool:
    return stands_in(proposal.item.kind, proposal.outcome)


def _instead(proposals: Sequence[ItemProposal]) -> dict[str, str]:
    return {str(p.item.position): p.instead_because.strip() for p in proposals if _stands_in(p)}


def outcomes_of(case: Case) -> list[dict[str, str | int | dict[str, str]]]:
    """Return what was decided on each item, for the log."""
    return [
        {
            "item": item.position,
            "kind": item.kind,
            "outcome": item.outcome,
            **({"ground": item.ground} if item.ground else {}),
            **({"grounds": item.grounds} if item.other_grounds else {}),
        }
        for item in case.items.all()
    ]


def send_back(case: Case, actor: Actor, reasons: str) -> None:
    """Send a proposal back to the reviewer, with reasons."""
    reasons = require_text(reasons)
    advance(case, Action.SEND_BACK, actor, contents={"reasons": reasons})


# Given a case whose decision is to be approved: in what the evidence does not bear it out (codes).
ApprovalCheck = Callable[[Case], Collection[str]]
_approval_checks: list[ApprovalCheck] = []


def approval_check(check: ApprovalCheck) -> ApprovalCheck:
    """Register a function that holds a proposed decision against the evidence."""
    if check not in _approval_checks:
        _approval_checks.append(check)
    return check


def approve(case: Case, actor: Actor, explanation: str = "") -> None:
    """Approve a proposal: what claims a change to data must now be carried out first.

    Nothing else waits, also where an earlier decision on it was never carried out. `explanation`
    says why it is approved although the evidence does not bear it out; it is kept with the event.
    Raises `InvalidInput` where one is needed.
    """
    explanation = require_text(explanation) if explanation.strip() else ""
    with transaction.atomic():
        # Before its items: in the order in which the moves lock them.
        locked = lock_case(case)
        mismatches = sorted({code for check in _approval_checks for code in check(locked)})
        if mismatches and not explanation:
            raise InvalidInput(
                _(
                    "The proposed change does not fit what was found. Say why you approve it all"
                    " the same, or send it back."
                )
            )
        case.items.filter(outcome__in=CHANGES_DATA).update(executed=False)
        case.items.exclude(outcome__in=CHANGES_DATA).update(executed=True)
        advance(
            case,
            Action.APPROVE,
            actor,
            facts={
                "outcomes": outcomes_of(case),
                **({"mismatches": mismatches} if mismatches else {}),
            },
            contents={"explanation": explanation} if mismatches else None,
        )


def amount_in_words(amount: Decimal, currency: str) -> str:
    """Return an amount as the person is told it. Raises `InvalidInput`.

    `currency` is an ISO 4217 code.
    """
    exponent = amount.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        or not 0 < amount <= MAX_AMOUNT
        or -exponent > _CENTS
        or not _CURRENCY.fullmatch(currency)
    ):
        raise InvalidInput(_("Enter an amount above zero and a currency such as EUR."))
    return f"{amount:.2f} {currency}"


def confirm_fee_paid(case: Case, actor: Actor, grounds: str) -> None:
    """Confirm that the fee arrived, saying by what this is known."""
    advance(case, Action.CONFIRM_FEE_PAID, actor, contents={"grounds": require_text(grounds)})


def go_on_unpaid(case: Case, actor: Actor, grounds: str) -> None:
    """Go on after the time to pay is over: what costs can then be refused, the rest is answered."""
    advance(case, Action.GO_ON_UNPAID, actor, contents={"grounds": require_text(grounds)})


def waive_fee(case: Case, actor: Actor, reasons: str) -> None:
    """Waive the fee: for the clocks it is then as if it had never been asked."""
    advance(case, Action.WAIVE_FEE, actor, contents={"reasons": require_text(reasons)})
