"""How diligent staff bring a case to its end: the next useful move in each state."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from itertools import count, product

from tests.life_of_a_case import steps
from tests.life_of_a_case.people import STAFF, Choose
from workflows.accounts.actors import PUBLIC, Actor
from workflows.cases.lifecycle import MOVES, Action, State
from workflows.cases.models import Case
from workflows.cases.transition import refusals, situation_of
from workflows.common.state_machine import refusal
from workflows.corrections.instructions import record_receipt
from workflows.lookups.models import Match
from workflows.lookups.services import judge
from workflows.vocabulary.roles import Role

# Takes one move, or does what belongs to it, and settles it: `take(case, action, actor, step)`.
Take = Callable[[Case, Action, Actor, steps.Step], None]

_NEXT: dict[State, tuple[Action, ...]] = {
    State.FILED: (Action.BEGIN_TRIAGE,),
    State.RECEIVED: (Action.BEGIN_TRIAGE,),
    State.TRIAGE: (Action.BEGIN_REVIEW, Action.BEGIN_REVIEW, Action.ASK_IDENTITY),
    State.IDENTITY_NEEDED: (Action.ACCEPT_IDENTITY,),
    State.INFORMATION_NEEDED: (Action.GIVE_INFORMATION, Action.GO_ON_WITHOUT_INFORMATION),
    State.FEE_NEEDED: (Action.CONFIRM_FEE_PAID, Action.WAIVE_FEE),
    State.DECISION_PROPOSED: (Action.APPROVE,),
    State.ANSWERED: (Action.CLOSE,),
    State.CONTESTED: (Action.REOPEN,),
}
_number = count()


def colleague(role: Role) -> Actor:
    """Return somebody who had no part in anything: an administrator gave them the role just now."""
    return Actor(frozenset({role}), f"new-{role}-{next(_number)}")


def who_may(
    case: Case, people: Iterable[Actor], also: Collection[str] = ()
) -> dict[Action, list[Actor]]:
    """Return who of some people may take which move now; `also` are refusals that do not count."""
    situation, state = situation_of(case, PUBLIC), State(case.state)
    may: dict[Action, list[Actor]] = {}
    for action, actor in product(steps.STEPS, people):
        own = replace(situation, actor=actor.pseudonym)
        reason = refusal(MOVES[action], state, actor.roles, lambda own=own: own)
        if not reason or reason in also:
            may.setdefault(action, []).append(actor)
    return may


def somebody_for(case: Case, action: Action, choose: Choose) -> Actor:
    """Return one of the staff who may take a move now; a new colleague where nobody may."""
    able = who_may(case, STAFF).get(action)
    if able:
        return choose(able)
    role = min(MOVES[action].roles - {Role.PUBLIC, Role.SYSTEM}, key=list(Role).index)
    return colleague(role)


def go_on(case: Case, choose: Choose, take: Take) -> None:
    """Take the next useful moves with a case, as far as one member of staff goes."""
    state = State(case.state)
    if state in _NEXT:
        action = choose(_NEXT[state])
        actor = somebody_for(case, action, choose)
        if action == Action.GIVE_INFORMATION:
            actor = PUBLIC
        take(case, action, actor, steps.STEPS[action])
    elif state == State.IN_REVIEW:
        _review(case, choose, take)
    elif state == State.EXECUTING:
        _execute(case, choose, take)


def _review(case: Case, choose: Choose, take: Take) -> None:
    """Judge what was found, record findings, look at who asks again, and propose."""
    reviewer = somebody_for(case, Action.RECORD_FINDING, choose)
    unjudged = sorted(
        case.matches.filter(verdict="").select_related("case__data_key"),
        key=lambda match: str(match.record),
    )
    for match in unjudged:
        verdict = choose([Match.Verdict.THEIRS, Match.Verdict.THEIRS, Match.Verdict.NOT_THEIRS])
        judge(case, reviewer, [match.pk], verdict)

    def find_all(case: Case, actor: Actor, _choose: Choose) -> object:
        found = [steps.find(case, actor, item) for item in steps.items_of(case)]
        return False not in found

    take(case, Action.RECORD_FINDING, reviewer, find_all)
    if case.assurance_set_by and not case.assurance_confirmed_by and choose([True, True, False]):
        second = somebody_for(case, Action.CONFIRM_IDENTITY, choose)
        take(case, Action.CONFIRM_IDENTITY, second, steps.STEPS[Action.CONFIRM_IDENTITY])
    case.refresh_from_db()
    proposer = _proposer(case, choose)
    take(
        case,
        Action.PROPOSE_DECISION,
        proposer,
        lambda case, actor, choose: steps.propose(case, actor, choose, ready=True),
    )


def _proposer(case: Case, choose: Choose) -> Actor:
    """Return a reviewer who had no part in what was contested; what lacks else is proposed now."""
    earlier = set(case.earlier_deciders)
    able = [one for one in STAFF if Role.REVIEWER in one.roles and one.pseudonym not in earlier]
    return choose(able) if able else colleague(Role.REVIEWER)


def _execute(case: Case, choose: Choose, take: Take) -> None:
    """Carry out what was approved and answer, or send it back where it cannot be done."""
    steward = colleague(Role.DATA_STEWARD)

    def carry_out(case: Case, actor: Actor, _choose: Choose) -> None:
        steps.suppress_items(case, actor)
        steps.apply_manifests(case, actor)
        for instruction in steps.open_instructions(case):
            if not instruction.manifests.exists():
                record_receipt(instruction, actor, "Snapshot 7, checked by a search.")

    take(case, Action.RECORD_EXECUTION, steward, carry_out)
    case.refresh_from_db()
    actor = somebody_for(case, Action.ANSWER, choose)
    if not refusals(case, actor)[Action.ANSWER]:
        take(case, Action.ANSWER, actor, steps.STEPS[Action.ANSWER])
    elif choose([True, False]):
        other = somebody_for(case, Action.STOP_EXECUTION, choose)
        take(case, Action.STOP_EXECUTION, other, steps.STEPS[Action.STOP_EXECUTION])
