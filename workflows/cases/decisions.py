"""Findings and outcomes: what staff decide about the items of a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.cases.actors import Actor
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case, Item
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.item_kinds import outcomes_for, stands_in
from workflows.vocabulary.outcomes import CHANGES_DATA, Outcome, Scope, ScopeResult


@dataclass(frozen=True, slots=True)
class ItemProposal:
    """What a reviewer proposes for one item. `ground` is a code of the case's leading regime."""

    item: Item
    outcome: str
    reasons: str
    ground: str = ""
    retraining_on: date | None = None
    instead_because: str = ""


def record_finding(
    case: Case,
    actor: Actor,
    item: Item,
    finding: str,
    scopes: Mapping[str, str],
    *,
    verification: str = "",
    kin: str = "",
) -> None:
    """Record what was found for an item, and what the search of each scope came to.

    `verification` says how it was verified that the person is right; `kin` what was found on the
    conditions for a near relative. Each may be left out, and then stays as it was.
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
            },
            contents={"finding": finding, **more},
        )
        if "kin" in more:
            case.kin_checked, case.kin_finding = True, more["kin"]
            case.save(update_fields=["kin_checked", "kin_finding"])


def propose_decision(case: Case, actor: Actor, proposals: Sequence[ItemProposal]) -> None:
    """Propose an outcome with its reasons for each item of the case.

    Raises `InvalidInput` for an outcome that the kind of item cannot come to, a ground that the
    regime does not know or reasons that are missing, and `MoveRefused` as the lifecycle says.
    """
    for proposal in proposals:
        _check_proposal(case.lead_regime, case.residence, proposal)
    with transaction.atomic():
        for proposal in proposals:
            item = proposal.item
            item.outcome = proposal.outcome
            item.ground = proposal.ground if proposal.outcome == Outcome.REFUSED else ""
            item.reasons = proposal.reasons.strip()
            queued = proposal.outcome == Outcome.QUEUED_FOR_RETRAINING
            item.retraining_on = proposal.retraining_on if queued else None
            item.instead_because = proposal.instead_because.strip() if _stands_in(proposal) else ""
            item.save(
                update_fields=["outcome", "ground", "reasons", "retraining_on", "instead_because"]
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


def _check_proposal(regime: Regime, residence: str, proposal: ItemProposal) -> None:
    """Refuse what the kind of item or the law does not know, or what lacks its reason."""
    kind, outcome = proposal.item.kind, proposal.outcome
    if outcome not in outcomes_for(kind):
        raise InvalidInput(_("This kind of item cannot come to that outcome."))
    if outcome == Outcome.REFUSED and proposal.ground not in regime.grounds:
        raise InvalidInput(_("Choose a ground that the law of this case knows."))
    if outcome == Outcome.QUEUED_FOR_RETRAINING:
        today = timezone.localdate(timezone=ZoneInfo(regime.place(residence).zone))
        if proposal.retraining_on is None or proposal.retraining_on <= today:
            raise InvalidInput(_("Say on which coming day the model will be trained again."))
    require_text(proposal.reasons)
    if _stands_in(proposal):
        known = regime.outcomes.get(outcome)
        if known is None or kind not in known.items:
            raise InvalidInput(_("The law of this case does not know that outcome for this item."))
        if not proposal.instead_because.strip():
            raise InvalidInput(_("Say why it cannot be done as it was asked for."))
        require_text(proposal.instead_because)


def _stands_in(proposal: ItemProposal) -> bool:
    return stands_in(proposal.item.kind, proposal.outcome)


def _instead(proposals: Sequence[ItemProposal]) -> dict[str, str]:
    return {str(p.item.position): p.instead_because.strip() for p in proposals if _stands_in(p)}


def outcomes_of(case: Case) -> list[dict[str, str | int]]:
    """Return what was decided on each item, for the log."""
    return [
        {
            "item": item.position,
            "kind": item.kind,
            "outcome": item.outcome,
            **({"ground": item.ground} if item.ground else {}),
        }
        for item in case.items.all()
    ]


def send_back(case: Case, actor: Actor, reasons: str) -> None:
    """Send a proposal back to the reviewer, with reasons."""
    reasons = require_text(reasons)
    advance(case, Action.SEND_BACK, actor, contents={"reasons": reasons})


def approve(case: Case, actor: Actor) -> None:
    """Approve a proposal: what claims a change to data must now be carried out first.

    Nothing else waits, also where an earlier decision on it was never carried out.
    """
    with transaction.atomic():
        case.items.filter(outcome__in=CHANGES_DATA).update(executed=False)
        case.items.exclude(outcome__in=CHANGES_DATA).update(executed=True)
        advance(case, Action.APPROVE, actor, facts={"outcomes": outcomes_of(case)})
