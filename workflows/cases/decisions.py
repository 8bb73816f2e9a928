"""Findings and outcomes: what staff decide about the items of a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.cases.actors import Actor
from workflows.cases.correspondence import require_text
from workflows.cases.errors import InvalidInput
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case, Item
from workflows.cases.transition import advance
from workflows.cases.vocabulary import CHANGES_DATA, Outcome, Scope, ScopeResult, outcomes_for


@dataclass(frozen=True, slots=True)
class ItemProposal:
    """What a reviewer proposes for one item. `ground` is a code of the case's leading regime."""

    item: Item
    outcome: str
    reasons: str
    ground: str = ""
    retraining_on: date | None = None


def record_finding(
    case: Case, actor: Actor, item: Item, finding: str, scopes: Mapping[str, str]
) -> None:
    """Record what was found for an item, and what the search of each scope came to."""
    finding = require_text(finding)
    unknown = set(scopes) - set(Scope.values) or set(scopes.values()) - set(ScopeResult.values)
    if unknown:
        raise InvalidInput(_("Choose a result for each place from the list."))
    with transaction.atomic():
        item.finding = finding
        item.scopes = dict(scopes)
        item.save(update_fields=["finding", "scopes"])
        advance(
            case,
            Action.RECORD_FINDING,
            actor,
            facts={"item": item.position, "scopes": dict(scopes)},
            contents={"finding": finding},
        )


def propose_decision(case: Case, actor: Actor, proposals: Sequence[ItemProposal]) -> None:
    """Propose an outcome with its reasons for each item of the case.

    Raises `InvalidInput` for an outcome that the kind of item cannot come to, a ground that the
    regime does not know or reasons that are missing, and `MoveRefused` as the lifecycle says.
    """
    grounds = case.lead_regime.grounds
    for proposal in proposals:
        if proposal.outcome not in outcomes_for(proposal.item.kind):
            raise InvalidInput(_("This kind of item cannot come to that outcome."))
        if proposal.outcome == Outcome.REFUSED and proposal.ground not in grounds:
            raise InvalidInput(_("Choose a ground that the law of this case knows."))
        if proposal.outcome == Outcome.QUEUED_FOR_RETRAINING and proposal.retraining_on is None:
            raise InvalidInput(_("Say when the model will be trained again."))
        require_text(proposal.reasons)
    with transaction.atomic():
        for proposal in proposals:
            item = proposal.item
            item.outcome = proposal.outcome
            item.ground = proposal.ground if proposal.outcome == Outcome.REFUSED else ""
            item.reasons = proposal.reasons.strip()
            item.retraining_on = proposal.retraining_on
            item.save(update_fields=["outcome", "ground", "reasons", "retraining_on"])
        advance(
            case,
            Action.PROPOSE_DECISION,
            actor,
            facts={"outcomes": outcomes_of(case)},
            contents={"reasons": {str(p.item.position): p.reasons.strip() for p in proposals}},
        )


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
    """Approve a proposal: what claims a change to data must now be carried out first."""
    with transaction.atomic():
        case.items.filter(outcome__in=CHANGES_DATA).update(executed=False)
        advance(case, Action.APPROVE, actor, facts={"outcomes": outcomes_of(case)})
