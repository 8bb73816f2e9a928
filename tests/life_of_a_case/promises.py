"""What must hold after each step: clocks, data, people, and that no request gets lost.

Each promise looks at what stands in the database, or at the log, and not at what the services
were asked to do.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from tests.counted_directly import directly, from_facts
from tests.life_of_a_case.world import World
from workflows.accounts.actors import Actor
from workflows.cases.clocks import (
    differing_clocks,
    earliest_due,
    lead_differs,
    response_clock_kinds,
)
from workflows.cases.lifecycle import FINAL, MOVES, OPEN, Action, State
from workflows.cases.mail import share_confirmed_address
from workflows.cases.models import Case, Clock, Message
from workflows.cases.models.clock import current_round
from workflows.cases.transition import situation_of
from workflows.common.state_machine import refusal
from workflows.complaints.models import ComplaintClock
from workflows.corrections.instructions import operation_of
from workflows.corrections.manifests import OPS, entries_of
from workflows.corrections.models import Instruction, Manifest
from workflows.identity.contact import EXPIRE_AFTER
from workflows.ledger.models import Event
from workflows.lookups.models import Match
from workflows.oversight import facts
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import NOT_GRANTED
from workflows.vocabulary.people import Assurance

# What brings a case nearer to its end in each state, by staff who had no part in it.
_ON = {
    State.FILED: {Action.BEGIN_TRIAGE},
    State.RECEIVED: {Action.BEGIN_TRIAGE},
    State.TRIAGE: {Action.BEGIN_REVIEW},
    State.IDENTITY_NEEDED: {Action.REJECT_IDENTITY},
    State.INFORMATION_NEEDED: {Action.GO_ON_WITHOUT_INFORMATION},
    State.FEE_NEEDED: {Action.WAIVE_FEE},
    State.IN_REVIEW: {Action.RECORD_FINDING},
    State.DECISION_PROPOSED: {Action.APPROVE, Action.SEND_BACK},
    State.EXECUTING: {Action.ANSWER, Action.STOP_EXECUTION},
    State.ANSWERED: {Action.CLOSE},
    State.CONTESTED: {Action.REOPEN},
}
# A colleague who had no part in anything, as an administrator can always give a role to one.
NOBODY_YET = Actor(frozenset(), "new-colleague")
# What the policy of the provider wants a second look for, on papers that one person has seen.
_LOOKED_AT_TWICE = {ItemKind.DELETE, ItemKind.COPY, ItemKind.TRANSFER}
_PAPERS = {Assurance.DOCUMENT, Assurance.MANDATE}


@dataclass(slots=True)
class Approved:
    """What an approver saw: the records judged to be theirs, and what is to be done with them."""

    records: frozenset[str]
    operations: frozenset[str]


@dataclass(slots=True)
class Memory:
    """What was true before and may not become untrue."""

    missed: set[tuple[str, int]] = field(default_factory=set)
    approved: dict[UUID, Approved] = field(default_factory=dict)
    messages: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    manifests: set[UUID] = field(default_factory=set)
    applied: set[UUID] = field(default_factory=set)


def now() -> datetime:
    """Return what time it is in the world."""
    return timezone.now()


def cases_now(pseudonyms: Collection[UUID] | None = None) -> list[Case]:
    """Return cases as they stand, all or those named, with what the promises look at."""
    cases = Case.objects.select_related("data_key", "merged_into").prefetch_related(
        "clocks", "clock_events", "items", "complaints__clocks"
    )
    if pseudonyms is not None:
        cases = cases.filter(pseudonym__in=pseudonyms)
    return list(cases.order_by("filed_at", "number"))


def a_case_can_still_reach_an_end(case: Case) -> None:
    """Somebody who had no part in it can always bring a case nearer to its end."""
    if case.state in FINAL:
        return
    state = State(case.state)
    assert any(
        not refusal(
            MOVES[action], state, MOVES[action].roles, lambda: situation_of(case, NOBODY_YET)
        )
        for action in _ON[state]
    ), f"Nobody can go on in {case.state}"


def one_leading_clock_runs_while_an_answer_is_owed(case: Case, *, worked: bool) -> None:
    """While an answer is owed each law counts once, the earliest leads; else nothing counts."""
    unstopped = [clock for clock in case.clocks.all() if clock.stopped_at is None]
    if case.state not in OPEN:
        assert not unstopped, f"A clock runs in {case.state}: {unstopped[0].kind}"
    else:
        leading = [clock for clock in unstopped if clock.leads]
        owed = {
            (code, kind)
            for code in case.applicable_regimes
            for kind in response_clock_kinds(case.regime_of(code), case.kinds)
        }
        running = sorted((clock.regime, clock.kind) for clock in leading)
        assert running == sorted(owed), f"{running} run, {sorted(owed)} are owed"
        assert {clock.round for clock in leading} == {current_round(case).number}
        lead = earliest_due(leading)
        assert lead is None or case.due_at == lead.due_at, "Another day stands with the case"
        assert not lead_differs(case)
        assert not differing_clocks(case), "A day does not follow from the events"
    for complaint in case.complaints.all():
        running = [clock for clock in complaint.clocks.all() if clock.stopped_at is None]
        assert complaint.is_open or not running, "The clock of a complaint runs that has ended"
        leading = {(clock.regime, clock.kind) for clock in running if clock.leads}
        owed, known = (
            {(law.code, law.complaint) for code in codes if (law := case.regime_of(code)).complaint}
            for codes in (case.applicable_regimes, case.regimes)
        )
        if complaint.is_open:
            assert leading <= known, "A complaint has a clock of a law that its case never had"
            assert not worked or owed <= leading, "No clock of a complaint runs under a law"


def no_missed_clock_is_met(memory: Memory, *, notice: bool) -> None:
    """What was missed stays missed, but by a notice of days off; what was late is never met."""
    missed = set()
    for model in (Clock, ComplaintClock):
        for clock in model.objects.all():
            key = (model.__name__, clock.pk)
            if clock.state == Clock.State.MISSED:
                missed.add(key)
            assert notice or key not in memory.missed or key in missed, (
                f"A missed clock became {clock.state}: {clock.kind}"
            )
            if clock.state == Clock.State.MET and clock.due_at:
                assert clock.stopped_at < clock.due_at, "Answered late, and yet met"
    memory.missed = missed


def remember_what_the_approver_sees(memory: Memory, case: Case) -> None:
    """Keep what stands at an approval; to be called right before it."""
    theirs = case.matches.filter(verdict=Match.Verdict.THEIRS).select_related("case__data_key")
    memory.approved[case.pseudonym] = Approved(
        frozenset(str(match.record) for match in theirs),
        frozenset(
            OPS[Instruction.Operation(operation_of(item))]
            for item in case.items.select_related("case__data_key")
            if item.outcome in {"corrected", "supplemented", "deleted", "anonymised"}
        ),
    )


def nothing_is_deleted_beyond_what_was_approved(
    memory: Memory, world: World, *, worked: bool
) -> None:
    """Manifests hold what an approver saw and no more, data files lose that and no more.

    And what is open is open only while it is carried out.
    """
    for manifest in Manifest.objects.select_related("snapshot", "result", "data_key"):
        if manifest.pk not in memory.manifests:
            memory.manifests.add(manifest.pk)
            for entry in entries_of(manifest):
                approved = memory.approved[UUID(entry.case_pseudonym)]
                assert str(entry.id) in approved.records, f"{entry.id} was not approved"
                assert entry.op in approved.operations, f"{entry.op} was not approved"
        if manifest.result is not None and manifest.pk not in memory.applied:
            memory.applied.add(manifest.pk)
            before, after = (
                _records(world.open(manifest.snapshot)),
                _records(world.open(manifest.result)),
            )
            changed = {key for key in before if after.get(key) != before[key]}
            named = {str(entry.id) for entry in entries_of(manifest)}
            assert changed <= named, f"{changed - named} was changed and stands in no manifest"
    waiting = Instruction.objects.open().exclude(item__case__state=State.EXECUTING)
    # A withdrawal is followed by a worker who takes back what is open.
    assert not worked or not waiting.exists(), "Something is open of a case that went on"


def nothing_goes_but_by_erasure(memory: Memory, case: Case) -> None:
    """The people and the messages of a case stay until it is erased itself."""
    if case.erased_at is not None:
        return
    assert case.people.exists()
    count = case.messages.count()
    assert count >= memory.messages[case.pk], "A message was lost"
    memory.messages[case.pk] = count


def _records(text: str) -> dict[str, object]:
    found = (json.loads(line) for line in text.splitlines() if line.strip())
    return {str(record["id"]): record for record in found}


def two_people_stand_behind_each_decision(case: Case, events: Sequence[Event]) -> None:
    """Read from the log alone: who proposed is not who decided, in this life of the case."""
    life = _Life(case)
    for event in events:
        life.take(event)


class _Life:
    """Who did what since a case was filed, contested, taken out again or reopened."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.earlier: set[str] = set()
        self.part: set[str] = set()
        self.first: dict[str, str] = {}
        self.assurance = ""
        self.fee_by = ""

    def take(self, event: Event) -> None:  # noqa: C901, PLR0912 - one line for each step
        """Follow one step, and hold what it needed against who took it."""
        match event.name:
            case "case.contested":
                self.earlier |= self.part
                self.part, self.first = set(), {"identity": self.first.get("identity", "")}
            case "case.reinstated" | "case.unmerged":
                for gone in ("abuse", "erasure", "merge"):
                    self.first.pop(gone, None)
            case "decision.proposed":
                self.first = {"decision": event.actor, "identity": self.first.get("identity", "")}
                self._decides(event)
            case "abuse.reported" | "merge.proposed" | "erasure.requested":
                self.first[event.name.partition(".")[0]] = event.actor
                if event.name == "abuse.reported":
                    self._decides(event)
            case "decision.approved":
                self._second(event, "decision")
                self._decides(event)
                self._identity_was_looked_at(event)
            case "decision.sent_back" | "execution.stopped":
                self._second(event, "decision")
            case "case.rejected_as_abuse":
                self._second(event, "abuse")
                self._decides(event)
            case "case.merged" if not self._has_address_in_common():
                self._second(event, "merge")
            case "case.erased":
                self._second(event, "erasure")
            case "fee.asked":
                self.fee_by = event.actor
            case "case.ended_unpaid":
                assert self.fee_by not in {"", event.actor}, "One person alone ended it unpaid"
                self._decides(event)
            case "review.reopened":
                assert event.actor not in self.earlier, "Reopened by who had decided"
            case "identity.proved":
                self.first["identity"] = event.actor
                self.assurance = str(event.facts["assurance"])
                self.first.pop("confirmed", None)
            case "identity.confirmed":
                self._second(event, "identity")
                self.assurance = Assurance.MATCHED  # has been looked at twice
            case "identity.doubted":
                self.assurance = ""

    def _decides(self, event: Event) -> None:
        assert event.actor, f"Nobody stands behind {event.name}"
        assert event.actor not in self.earlier, f"{event.name} by who had decided before"
        self.part.add(event.actor)

    def _second(self, event: Event, what: str) -> None:
        first = self.first.get(what, "")
        assert first, f"{event.name} without a first person in this life of the case"
        assert event.actor != first, f"{event.name} by one person alone"

    def _has_address_in_common(self) -> bool:
        into = self.case.merged_into
        return into is None or share_confirmed_address(self.case, into)

    def _identity_was_looked_at(self, event: Event) -> None:
        if self.assurance not in _PAPERS:
            return
        granted = {
            each["kind"] for each in event.facts["outcomes"] if each["outcome"] not in NOT_GRANTED
        }
        assert not granted & _LOOKED_AT_TWICE, "Granted on papers that one person saw"


def figures_are_those_of_the_cases() -> None:
    """What statistics say is what the cases say that stand in the database."""
    assert facts.differing() == (0, 0)
    for regime in {
        code for codes in Case.objects.values_list("regimes", flat=True) for code in codes
    }:
        for items in (False, True):
            assert from_facts(regime, items=items) == directly(regime, items=items)


def every_request_is_accounted_for(case: Case, events: Sequence[Event], *, worked: bool) -> None:
    """Each request is open, answered, withdrawn by the person, ended with a ground, or carried."""
    last = {event.name: event for event in events}
    erased = case.erased_at is not None
    match case.state:
        case State.ANSWERED | State.CLOSED:
            assert "answer.sent" in last
            assert erased or case.messages.filter(kind=Message.Kind.ANSWER).exists()
        case State.WITHDRAWN:
            assert last["case.withdrawn"].role == "public"
        case State.REJECTED_AS_ABUSE:
            assert case.notices.filter(kind="refusal").exists()
        case State.EXPIRED if "case.ended_unpaid" in last:
            assert case.notices.filter(kind="refusal").exists()
        case State.EXPIRED:
            sent = [challenge.sent_at for challenge in case.contact_challenges.all()]
            assert case.contact_confirmed_at is None, "Ended, though the contact was confirmed"
            assert sent, "Ended, though no link was ever sent"
            assert max(sent) <= case.closed_at - EXPIRE_AFTER
        case State.MERGED:
            _is_carried_over(case)
    complains = any(item.kind == ItemKind.COMPLAINT for item in case.items.all())
    if worked and complains and case.state not in FINAL - {State.MERGED} and not erased:
        assert case.complaints.exists(), "The complaint in the request was lost"


def _is_carried_over(case: Case) -> None:
    head = case.merged_into
    while head is not None and head.state == State.MERGED:
        head = head.merged_into
    assert head is not None, "Merged into nothing"
    assert head.state != State.EXPIRED or head.fee_due_on, "Merged into what was never received"
    if head.erased_at is not None or case.erased_at is not None:
        return
    there = [(item.kind, item.details) for item in head.items.all()]
    for item in case.items.all():
        asked = (item.kind, item.details)
        assert item.kind == ItemKind.COMPLAINT or asked in there, f"{item.kind} got lost"
