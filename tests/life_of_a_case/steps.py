"""How people take each move of the table: by the service behind the page or the API.

A step gets the case, who acts, and a way to choose what is left open. It returns False where there
is nothing on which the move could be tried.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.factories import ground_for, other_grounds_for
from tests.judging import judge_each
from tests.life_of_a_case.people import Choose
from workflows.accounts.actors import Actor
from workflows.cases import correspondence, merging, staff_actions
from workflows.cases.decision_rules import laws_of, outcomes_under
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case, Item
from workflows.cases.staff_actions import ItemProposal
from workflows.cases.transition import advance, situation_of
from workflows.common.errors import DomainError
from workflows.complaints import services as complaints
from workflows.corrections.instructions import record_receipt
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.receipts import ask_to_apply, can_be_applied_here
from workflows.corrections.withdrawal import stop_execution
from workflows.lookups.findings import findings_of, scope_results, unjudged_places
from workflows.lookups.models import Match
from workflows.lookups.undoing import last_judgement, undo_judgement
from workflows.model_outputs.suppression import is_suppressed, suppress
from workflows.notices import moves
from workflows.retention import erasure
from workflows.routing.assignment import assign
from workflows.routing.models import Team
from workflows.vocabulary.outcomes import CHANGES_DATA, NOT_GRANTED, Outcome, Scope, ScopeResult
from workflows.vocabulary.people import Assurance
from workflows.vocabulary.roles import Role

Step = Callable[[Case, Actor, Choose], object]

WHY = "Because of the facts of this case."
# What beat, workers, links and the services of others take; nobody chooses these on a page.
NOT_BY_PEOPLE = frozenset(
    {
        Action.CONFIRM_CONTACT,  # by the mailed link
        Action.RECEIVE,
        Action.EXPIRE,
        Action.ACKNOWLEDGE,
        Action.REMIND,
        Action.MARK_LATE,
        Action.LET_STAND,
        # After a backup was restored, which is not in the model.
        Action.END_ERASED,
        Action.ERASE_AGAIN,
    }
)


def _plain(action: Action) -> Step:
    return lambda case, actor, _choose: advance(case, action, actor)


def _told(service: Callable[[Case, Actor, str], object]) -> Step:
    return lambda case, actor, _choose: service(case, actor, WHY)


def _accept_identity(case: Case, actor: Actor, choose: Choose) -> object:
    level = choose([Assurance.DOCUMENT, Assurance.MATCHED])
    return staff_actions.accept_identity(case, actor, level, "Seen.")


def _ask_fee(case: Case, actor: Actor, _choose: Choose) -> object:
    return moves.ask_fee(case, actor, Decimal("12.50"), "EUR", "The fifth time this month.")


def _give_information(case: Case, actor: Actor, _choose: Choose) -> object:
    if Role.PUBLIC in actor.roles:
        return correspondence.write_to_provider(case, "It is the account of 2019.")
    return advance(case, Action.GIVE_INFORMATION, actor)


def items_of(case: Case) -> list[Item]:
    """Return the items of a case as they stand, in their order."""
    return list(case.items.select_related("case__data_key").order_by("position"))


def _record_finding(case: Case, actor: Actor, choose: Choose) -> object:
    return find(case, actor, choose(items_of(case)))


def find(case: Case, actor: Actor, item: Item) -> object:
    """Record a finding for an item: honest, as it was judged. It waits until all is judged."""

    def record() -> None:
        looked_up = scope_results(findings_of(case))
        scopes = {Scope.TRAINING_SNAPSHOT: ScopeResult.NOT_SEARCHED, **looked_up}
        staff_actions.record_finding(
            case, actor, item, "As it was judged.", scopes, verification="A register.", kin="Seen."
        )

    if not unjudged_places(case) and not case.lookup_runs.filter(finished_at=None).exists():
        return record()
    with pytest.raises(DomainError):
        record()
    return False


def possible_outcomes(case: Case, item: Item, *, ready: bool) -> list[str]:
    """Return what an honest reviewer may propose for an item; with `ready`, what passes the guards.

    Nothing is held only where nothing was judged to be theirs.
    """
    held = case.matches.filter(verdict=Match.Verdict.THEIRS).exists()
    found = []
    for outcome in outcomes_under(laws_of(case, item.kind), item.kind):
        if outcome in {Outcome.NOT_HELD, Outcome.NOT_IDENTIFIABLE} and held:
            continue
        if ready and outcome not in NOT_GRANTED and not _may_grant(case, item):
            continue
        found.append(str(outcome))
    return found


def _may_grant(case: Case, item: Item) -> bool:
    situation = situation_of(case, Actor(frozenset()))
    own = next(
        each for each, of in zip(situation.items, case.items.all(), strict=True) if of.pk == item.pk
    )
    return own.assurance_suffices and own.identity_confirmed and situation.kin_checked


def proposals_for(case: Case, choose: Choose, *, ready: bool) -> list[ItemProposal]:
    """Return a proposal for each item, one that changes data more often than others."""
    made = []
    for item in items_of(case):
        outcomes = possible_outcomes(case, item, ready=ready)
        changing = [outcome for outcome in outcomes if outcome in CHANGES_DATA]
        outcome = choose([*outcomes, *changing, *changing])
        made.append(
            ItemProposal(
                item,
                outcome,
                WHY,
                ground_for(item, outcome),
                timezone.localdate() + timedelta(days=100),
                "The source is gone.",
                other_grounds_for(item, outcome),
            )
        )
    return made


def _propose(case: Case, actor: Actor, choose: Choose) -> object:
    return propose(case, actor, choose, ready=choose([True, False]))


def propose(case: Case, actor: Actor, choose: Choose, *, ready: bool) -> object:
    """Propose an outcome for each item."""
    return moves.propose_decision(case, actor, proposals_for(case, choose, ready=ready))


def open_instructions(case: Case) -> list[Instruction]:
    """Return what is still to be carried out for a case."""
    found = Instruction.objects.open().filter(item__case=case).select_related("item__case")
    return list(found.order_by("item__position", "operation"))


def _record_execution(case: Case, actor: Actor, choose: Choose) -> object:
    instructions = open_instructions(case)
    if not instructions:
        return False
    return record_receipt(choose(instructions), actor, "Snapshot 7, searched.")


def apply_manifests(case: Case, actor: Actor) -> bool:
    """Have the manifests of a case applied on this machine; False where none waits."""
    waiting = Manifest.objects.filter(
        instructions__item__case=case, state=Manifest.State.OPEN
    ).distinct()
    asked = False
    for manifest in waiting:
        if can_be_applied_here(manifest):
            ask_to_apply(manifest, actor)
            asked = True
    return asked


def suppress_items(case: Case, actor: Actor) -> bool:
    """Put a phrase on the list for each item that is said to be suppressed; False if none is."""
    wanted = [
        item
        for item in case.items.filter(outcome=Outcome.SUPPRESSED_IN_OUTPUT)
        if not is_suppressed(item)
    ]
    for item in wanted:
        suppress(item, actor, "lives in Bonn")
    return bool(wanted)


def judge_matches(case: Case, actor: Actor, choose: Choose) -> object:
    """Judge some of the places that were found, or change what was judged."""
    matches = sorted(case.matches.select_related("case__data_key"), key=lambda m: str(m.record))
    if not matches:
        return False
    chosen = [match for match in matches if choose([True, False])] or matches[:1]
    verdict = choose([Match.Verdict.THEIRS] * 2 + [*Match.Verdict])
    judge_each(case, [match.pk for match in chosen], verdict, actor)
    return True


def undo_last(case: Case, actor: Actor, _choose: Choose) -> object:
    """Take the last judgement back."""
    last = last_judgement(case)
    return last is not None and undo_judgement(case, actor, str(last.uid))


def _target(case: Case, choose: Choose) -> Case | None:
    """Return another case, more often one that was filed before under the same law."""
    others = [*Case.objects.exclude(pk=case.pk).order_by("filed_at", "number")]
    likely = [
        other
        for other in others
        if other.filed_at <= case.filed_at
        and set(case.applicable_regimes) <= set(other.applicable_regimes)
    ]
    return choose([*likely, *likely, *likely, *others]) if others else None


def _merge(case: Case, actor: Actor, choose: Choose) -> object:
    into = _target(case, choose)
    return into is not None and (merging.merge_duplicate(case, actor, into) or True)


def _propose_merge(case: Case, actor: Actor, choose: Choose) -> object:
    into = _target(case, choose)
    return into is not None and (merging.propose_merge(case, actor, into, WHY) or True)


def _reject_as_abuse(case: Case, actor: Actor, choose: Choose) -> object:
    grounds = {
        law.code: choose([ground.code for ground in fitting])
        for law in case.laws
        if (fitting := law.abuse_grounds(case.kinds))
    }
    ground = grounds.pop(case.regime, "")
    return moves.reject_as_abuse(case, actor, "Filed a thousand times.", ground, grounds)


def _unmerge(case: Case, actor: Actor, _choose: Choose) -> object:
    return merging.unmerge(case, actor, WHY)


def _assign(case: Case, actor: Actor, _choose: Choose) -> object:
    return assign(case, actor, Team.objects.get())


STEPS: dict[Action, Step] = {
    Action.ASSIGN: _assign,
    Action.BEGIN_TRIAGE: _plain(Action.BEGIN_TRIAGE),
    Action.ASK_IDENTITY: _told(moves.ask_identity),
    Action.ACCEPT_IDENTITY: _accept_identity,
    Action.REJECT_IDENTITY: _told(staff_actions.reject_identity),
    Action.CONFIRM_IDENTITY: _told(staff_actions.confirm_identity),
    Action.DOUBT_IDENTITY: _told(staff_actions.doubt_identity),
    Action.ASK_INFORMATION: _told(moves.ask_information),
    Action.GIVE_INFORMATION: _give_information,
    Action.GO_ON_WITHOUT_INFORMATION: _told(staff_actions.go_on_without_information),
    Action.ASK_FEE: _ask_fee,
    Action.CONFIRM_FEE_PAID: _told(staff_actions.confirm_fee_paid),
    Action.WAIVE_FEE: _told(staff_actions.waive_fee),
    Action.GO_ON_UNPAID: _told(staff_actions.go_on_unpaid),
    Action.END_UNPAID: _told(moves.end_unpaid),
    Action.BEGIN_REVIEW: _plain(Action.BEGIN_REVIEW),
    Action.RECORD_FINDING: _record_finding,
    Action.PROPOSE_DECISION: _propose,
    Action.SEND_BACK: _told(staff_actions.send_back),
    Action.APPROVE: _told(staff_actions.approve),
    Action.STOP_EXECUTION: _told(stop_execution),
    Action.RECORD_EXECUTION: _record_execution,
    Action.ANSWER: lambda case, actor, _choose: moves.answer(case, actor),
    Action.CLOSE: _plain(Action.CLOSE),
    Action.CONTEST: lambda case, _actor, _choose: complaints.contest_answer(case, WHY),
    Action.REOPEN: _plain(Action.REOPEN),
    Action.EXTEND: _told(moves.extend),
    Action.CHANGE_LAW: _told(moves.change_law),
    Action.WRITE_TO_PERSON: _told(correspondence.write_to_person),
    Action.WRITE_TO_PROVIDER: lambda case, _actor, _choose: correspondence.write_to_provider(
        case, "How far are you?"
    ),
    Action.WITHDRAW: lambda case, _actor, _choose: correspondence.withdraw(case),
    Action.PROPOSE_MERGE: _propose_merge,
    Action.MERGE: _merge,
    Action.APPROVE_MERGE: lambda case, actor, _choose: merging.approve_merge(case, actor),
    Action.DECLINE_MERGE: _told(merging.decline_merge),
    Action.UNMERGE: _unmerge,
    Action.REPORT_ABUSE: _told(staff_actions.report_abuse),
    Action.REJECT_AS_ABUSE: _reject_as_abuse,
    Action.REINSTATE: _told(staff_actions.reinstate),
    Action.REQUEST_ERASURE: lambda case, actor, choose: erasure.request_erasure(
        case, actor, choose(list(erasure.ErasureGround))
    ),
    Action.ERASE: lambda case, actor, _choose: erasure.erase(case, actor),
}
