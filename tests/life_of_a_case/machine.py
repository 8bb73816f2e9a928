"""The state machine: what people do in any order, and what holds after each step."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any, ClassVar

from django.core.mail import EmailMessage
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.factories import provider
from tests.life_of_a_case import promises, sentences, steps, working
from tests.life_of_a_case.people import EVERYBODY, STAFF, WITH, Asked, Choose, requests
from tests.life_of_a_case.world import BEGINNING, World
from workflows.accounts.actors import PUBLIC, Actor
from workflows.cases import merging
from workflows.cases.errors import MoveRefused
from workflows.cases.filing import file_request
from workflows.cases.lifecycle import FINAL, MERGE_TARGETS, Action, State
from workflows.cases.models import Case, Clock, EventContent, Item, Message
from workflows.cases.recalculation import apply_holiday_notice
from workflows.cases.transition import refusals
from workflows.common.errors import DomainError, InvalidInput, Refused
from workflows.complaints import services as complaints
from workflows.complaints.lifecycle import Action as ComplaintAction
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.complaints.transition import refusals as complaint_refusals
from workflows.corrections.models import Instruction, Manifest
from workflows.identity.contact import InvalidChallenge, ask_for_link, confirm_contact
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case
from workflows.notices.errors import ElementMissing
from workflows.notices.models import Notice
from workflows.outbox.models import Effect
from workflows.vocabulary.people import Channel
from workflows.vocabulary.roles import Role

MOST_CASES = 4
# Whether workers rest after a step, and do what it left with the next.
RESTING = st.sampled_from([False, False, True])
# The table cannot say these before the other case was chosen.
_SAID_OF_THE_CHOICE = {"no_merge_target", "merge_target_decided", "no_contact_in_common"}
_CHOOSES_A_CASE = {Action.MERGE, Action.PROPOSE_MERGE, Action.APPROVE_MERGE}
# Their services take the outcomes with them, or what is written as a message of the other kind.
_NEVER_FORBIDDEN = {Action.PROPOSE_DECISION, Action.WRITE_TO_PROVIDER, Action.GIVE_INFORMATION}
# Their services ask for no actor: only the person has them.
_BY_THE_PERSON = {Action.CONTEST, Action.WITHDRAW}
# What a service may refuse though the table allows the move: what is typed is not right.
_TYPED: dict[Action, tuple[type[DomainError], ...]] = {
    Action.MERGE: (InvalidInput, MoveRefused),
    Action.PROPOSE_MERGE: (InvalidInput, MoveRefused),
    Action.APPROVE_MERGE: (InvalidInput, MoveRefused),
    # Outcomes are proposed with the move, and the guards look at them.
    Action.PROPOSE_DECISION: (MoveRefused, ElementMissing),
    # Québec wants the provision of every refusal, and its rules have none for an abuse.
    Action.REJECT_AS_ABUSE: (ElementMissing,),
    # Where a manifest says what is done, its re-scan decides.
    Action.RECORD_EXECUTION: (InvalidInput,),
}
# These can be taken nearly always, and change little or end all; others are taken more often.
_OFTEN_ALLOWED = {
    Action.ASSIGN,
    Action.WRITE_TO_PERSON,
    Action.WRITE_TO_PROVIDER,
    Action.RECORD_FINDING,
    Action.WITHDRAW,
}
# By which nearly every case is under other laws than before.
PROFILES: list[dict[str, Any]] = [
    {"offers_service_in": ["*"]},
    {"established_in": ["IE"], "processes_in": ["CN"], "offers_service_in": ["*"]},
    {"established_in": ["CN"], "processes_in": ["CN"]},
]
_ROWS = (Case, Item, Clock, Complaint, ComplaintClock, Instruction, Manifest)
_COUNTED = (Event, EventContent, Effect, Notice, Message)
# (state, action) as they were taken by all examples of this process.
TAKEN: Counter[tuple[State, Action]] = Counter()


class LifeOfACase(RuleBasedStateMachine):
    """People file, ask, decide, complain, merge and erase, in any order; days go by.

    `world_of` makes the world of an example. Workers do at once what is due, or rest for a while
    and do it all later.
    """

    world_of: ClassVar[Callable[[], World]]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).world_of()
        self.world.begin()
        self.memory = promises.Memory()
        self.resting = self.rested = False
        self.sound = False
        self.last_event = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self.lot = Random(0)

    # --- Filing -----------------------------------------------------------------------------

    @initialize(
        day=st.integers(0, 360),
        first=requests(),
        seed=st.integers(0, 1000),
        times=st.sampled_from([0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8]),
    )
    def somebody_files(self, day: int, first: Asked, seed: int, times: int) -> None:
        """One case is there from the beginning, on some day of the year, and staff have begun."""
        self.lot.seed(seed)
        self.world.move_to(BEGINNING + timedelta(days=day))
        self._file(first)
        case = promises.cases_now()[0]
        for _time in range(times):
            if case.state not in FINAL:
                working.go_on(case, self.lot.choice, self._take_with(self.lot.choice))
                case = self._reload(case)

    @precondition(lambda self: Case.objects.count() < MOST_CASES)
    @rule(data=st.data(), asked=requests(), again=st.booleans())
    def a_request_comes_in(self, data: Any, asked: Asked, again: bool) -> None:
        """Somebody files; or once more, with the address and the place of an earlier case."""
        if again:
            case = self._case(self._choose(data))
            subject = case.people.get(part="subject") if case.erased_at is None else None
            request = replace(asked.request, residence=case.residence)
            if subject is not None:
                request = replace(request, subject_name=subject.name, email=subject.email)
            asked = replace(asked, request=request)
        self._file(asked)

    @precondition(lambda self: Case.objects.filter(state__in=MERGE_TARGETS).exists())
    @rule(data=st.data(), asked=requests(), resting=RESTING)
    def a_duplicate_is_found(self, data: Any, asked: Asked, resting: bool) -> None:
        """The person of a case files again, confirms perhaps, and intake takes it for a duplicate."""
        choose = self._choose(data)
        into = choose([case for case in self._cases() if case.state in MERGE_TARGETS])
        subject = into.people.get(part="subject")
        request = replace(
            asked.request,
            residence=into.residence,
            subject_name=subject.name,
            email=subject.email,
        )
        self.resting = resting
        before = set(Case.objects.values_list("pk", flat=True))
        self._file(Asked(request, 0, by_letter=False))
        case = Case.objects.exclude(pk__in=before).get()
        for link in self.world.links if choose([True, True, False]) else ():
            with suppress(InvalidChallenge):
                confirm_contact(link)
        self._settle()
        actor = choose(WITH[Role.INTAKE])
        take = self._take_with(choose)
        if choose([True, False]):
            take(
                case, Action.MERGE, actor, lambda c, a, _choose: merging.merge_duplicate(c, a, into)
            )
            return
        take(
            case,
            Action.PROPOSE_MERGE,
            actor,
            lambda c, a, _choose: merging.propose_merge(c, a, into, steps.WHY),
        )
        decides = choose([Action.APPROVE_MERGE, Action.APPROVE_MERGE, Action.DECLINE_MERGE])
        if not refusals(self._reload(case), WITH[Role.APPROVER][0])[decides]:
            take(case, decides, WITH[Role.APPROVER][0], steps.STEPS[decides])

    def _file(self, asked: Asked) -> None:
        file_request(
            asked.request,
            attempt=secrets.token_hex(8),
            channel=Channel.STAFF if asked.by_letter else Channel.WEB,
            at=promises.now() - asked.before if asked.by_letter else None,
        )
        self._settle()

    @precondition(lambda self: self.world.links)
    @rule(data=st.data(), another=st.sampled_from([False, False, False, True]))
    def a_link_is_pressed(self, data: Any, another: bool) -> None:
        """Somebody presses the button behind a mailed link, new or old, or asks for another one."""
        choose = self._choose(data)
        if another:
            ask_for_link(self._case(choose))
        else:
            link = choose(self.world.links)
            with suppress(InvalidChallenge):
                confirm_contact(link)
            # Who has pressed it has no more use for it.
            self.world.links.remove(link)
        self._settle()

    # --- Moves of the table -----------------------------------------------------------------

    @rule(data=st.data(), times=st.integers(1, 4), resting=RESTING)
    def staff_go_on(self, data: Any, times: int, resting: bool) -> None:
        """Staff take the next useful moves with a case."""
        self.resting = resting
        choose = self._choose(data)
        case = self._case(choose)
        for _time in range(times):
            if case.state not in FINAL:
                working.go_on(case, choose, self._take_with(choose))
                case = self._reload(case)

    @rule(data=st.data(), resting=RESTING)
    def the_person_moves(self, data: Any, resting: bool) -> None:
        """The person takes any move that the table allows them now."""
        self._somebody_moves(data, [PUBLIC], resting=resting)

    @rule(data=st.data(), resting=RESTING)
    def intake_moves(self, data: Any, resting: bool) -> None:
        """Somebody of intake takes any move that the table allows them now."""
        self._somebody_moves(data, WITH[Role.INTAKE], resting=resting)

    @rule(data=st.data(), resting=RESTING)
    def a_reviewer_moves(self, data: Any, resting: bool) -> None:
        """A reviewer takes any move that the table allows them now."""
        self._somebody_moves(data, WITH[Role.REVIEWER], resting=resting)

    @rule(data=st.data(), resting=RESTING)
    def an_approver_moves(self, data: Any, resting: bool) -> None:
        """An approver takes any move that the table allows them now."""
        self._somebody_moves(data, WITH[Role.APPROVER], resting=resting)

    @rule(data=st.data(), resting=RESTING)
    def a_privacy_officer_moves(self, data: Any, resting: bool) -> None:
        """A privacy officer, who may take nearly all moves, takes any."""
        self._somebody_moves(data, WITH[Role.PRIVACY_OFFICER], resting=resting)

    def _somebody_moves(self, data: Any, people: Sequence[Actor], *, resting: bool) -> None:
        self.resting = resting
        choose = self._choose(data)
        for _time in range(choose([1, 2, 3])):
            may: dict[Action, list[tuple[Case, list[Actor]]]] = defaultdict(list)
            cases = self._cases()
            also = _SAID_OF_THE_CHOICE if len(cases) > 1 else ()
            for case in cases:
                able = working.who_may(case, people, also=also)
                for action, actors in able.items():
                    may[action].append((case, actors))
            telling = [action for action in may if action not in _OFTEN_ALLOWED]
            if not telling and people is not EVERYBODY:
                people = EVERYBODY
                continue
            if not may:
                return
            action = choose([*telling, *telling, *telling, *may])
            case, actors = choose(may[action])
            self._take_with(choose)(case, action, choose(actors), steps.STEPS[action])

    @rule(data=st.data())
    def somebody_tries_what_is_forbidden(self, data: Any) -> None:
        """A move that the table refuses is refused by its service, and changes nothing."""
        choose = self._choose(data)
        case, actor = self._case(choose), choose(EVERYBODY)
        own = refusals(case, actor)
        forbidden = [
            action
            for action in steps.STEPS
            if own.get(action, "wrong_role") not in {"", *_SAID_OF_THE_CHOICE}
            and action not in _NEVER_FORBIDDEN
            and (actor == PUBLIC or action not in _BY_THE_PERSON)
        ]
        if forbidden:
            self._is_refused(case, choose(forbidden), actor, choose)

    @rule(data=st.data())
    def verdicts_change(self, data: Any) -> None:
        """A reviewer judges what was found or takes it back, also at a bad moment."""
        choose = self._choose(data)
        case, actor = self._case(choose), choose(STAFF)
        try:
            choose([steps.judge_matches] * 3 + [steps.undo_last])(case, actor, choose)
        except Refused:
            return
        self._settle()

    # --- Complaints -------------------------------------------------------------------------

    @rule(facts=st.sampled_from(PROFILES))
    def counsel_states_the_profile(self, facts: dict[str, Any]) -> None:
        """Other laws apply than was thought; only what a privacy officer does changes a case."""
        provider(**facts)

    @rule(data=st.data(), times=st.integers(1, 4))
    def somebody_complains_or_is_heard(self, data: Any, times: int) -> None:
        """The person complains about the handling, or a complaint goes on as its table allows."""
        choose = self._choose(data)
        case = self._case(choose)
        for _time in range(times):
            complaint = case.complaints.exclude(state__in=["closed", "withdrawn"]).last()
            if complaint is None:
                with suppress(MoveRefused):
                    complaints.complain(self._reload(case), "Nobody answers me.")
            else:
                self._complaint_goes_on(complaint, choose)
            self._settle()

    def _complaint_goes_on(self, complaint: Complaint, choose: Choose) -> None:
        able: dict[ComplaintAction, list[Actor]] = defaultdict(list)
        for actor in EVERYBODY:
            for action, reason in complaint_refusals(complaint, actor).items():
                if not reason and action not in {ComplaintAction.REMIND, ComplaintAction.MARK_LATE}:
                    able[action].append(actor)
        if able:
            action = choose([each for each in ComplaintAction if each in able])
            self._go_on_with(complaint, action, choose(able[action]), choose)

    def _go_on_with(
        self, complaint: Complaint, action: ComplaintAction, actor: Actor, choose: Choose
    ) -> None:
        match action:
            case ComplaintAction.ACKNOWLEDGE:
                complaints.acknowledge(complaint, actor, choose(["", "We have it."]))
            case ComplaintAction.TAKE_UP:
                complaints.take_up(complaint, actor)
            case ComplaintAction.TELL_PROGRESS:
                complaints.tell_progress(complaint, actor, "We are asking around.")
            case ComplaintAction.ANSWER:
                finding = choose(list(Complaint.Finding))
                redress = choose(["", "We do it now."])
                try:
                    complaints.answer(complaint, actor, finding, steps.WHY, redress)
                except InvalidInput:
                    return
            case ComplaintAction.CLOSE:
                complaints.close(complaint, actor)
            case ComplaintAction.WITHDRAW:
                complaints.withdraw(complaint)

    # --- Time -------------------------------------------------------------------------------

    @rule(
        days=st.sampled_from([1, 2, 3, 5, 8, 14, 21, 31, 45, 70]),
        off=st.none() | st.integers(5, 40),
    )
    def days_go_by(self, days: int, off: int | None) -> None:
        """Days go by, with workers and periodic tasks; China may announce days off."""
        self.resting = False
        self._settle()
        while days:
            together = min(days, 7)
            self.world.tick(timedelta(days=together))
            days -= together
            self.world.periodic_tasks()
            self._settle()
        if off is not None:
            self._announce(promises.now().date() + timedelta(days=off))

    def _announce(self, first: date) -> None:
        days = [first + timedelta(days=number) for number in range(4)]
        apply_holiday_notice(
            region="CN",
            year=first.year,
            source="An announcement",
            loaded_by="administrator-1",
            days_off=[day for day in days if day.year == first.year],
        )
        self._settle(notice=True)

    # --- The end ----------------------------------------------------------------------------

    def teardown(self) -> None:
        """Bring a case to its end, unless a promise was broken; then keep nothing."""
        try:
            if self.sound:
                self._one_ends()
        finally:
            self.world.end()

    def _one_ends(self) -> None:
        """Let diligent staff bring one case, chosen by lot, from where it stands to its end."""
        self.resting, self.rested = False, True
        self._settle()
        choose = self.lot.choice
        case = choose(promises.cases_now())
        for _time in range(60):
            if case.state in FINAL:
                return
            working.go_on(case, choose, self._take_with(choose))
            case = self._reload(case)
        raise AssertionError(f"A case could not be brought to its end: {case.state}")

    # --- One step ---------------------------------------------------------------------------

    def _choose(self, data: Any) -> Choose:
        return lambda options: data.draw(st.sampled_from(list(options)))

    def _case(self, choose: Choose) -> Case:
        return choose(self._cases())

    def _cases(self) -> list[Case]:
        return list(Case.objects.select_related("data_key").order_by("filed_at", "number"))

    def _reload(self, case: Case) -> Case:
        return Case.objects.select_related("data_key").get(pk=case.pk)

    def _take_with(self, choose: Choose) -> working.Take:
        def take(case: Case, action: Action, actor: Actor, step: steps.Step) -> None:
            case = self._reload(case)
            before = State(case.state)
            if action == Action.APPROVE:
                promises.remember_what_the_approver_sees(self.memory, case)
            stood = _standing() if action in _CHOOSES_A_CASE else None
            try:
                done = step(case, actor, choose)
            except _TYPED.get(action, ()):
                assert stood is None or _standing() == stood, "A refusal has changed something"
                return
            if done is not False:
                TAKEN[before, action] += 1
                self._settle()

        return take

    def _is_refused(self, case: Case, action: Action, actor: Actor, choose: Choose) -> None:
        stood = _standing()
        try:
            done = steps.STEPS[action](self._reload(case), actor, choose)
        except DomainError:
            assert _standing() == stood, "A refusal has changed something"
        else:
            assert done is False, f"{action} was to be refused in {case.state}"

    def _settle(self, *, notice: bool = False) -> None:
        """Let workers do their part, unless they rest, and hold every promise."""
        self.sound = False
        self.world.tick()
        self.world.after_commit()
        mails = [] if self.resting else self.world.work()
        self._nothing_was_lost_sight_of(notice=notice)
        fresh = list(Event.objects.filter(pk__gt=self.last_event).order_by("pk"))
        touched = {event.case for event in fresh} | self._numbered(mails)
        cases = promises.cases_now(None if notice or self.rested else touched)
        self._told(cases, fresh)
        sentences.mails_are_true(mails, cases)
        for case in cases:
            events = list(events_of_case(case.pseudonym))
            promises.a_case_can_still_reach_an_end(case)
            promises.one_leading_clock_runs_while_an_answer_is_owed(case, worked=not self.resting)
            promises.two_people_stand_behind_each_decision(case, events)
            promises.nothing_goes_but_by_erasure(self.memory, case)
            promises.every_request_is_accounted_for(case, events, worked=not self.resting)
            sentences.page_is_true(case, events)
        self.rested = self.resting
        self.sound = True

    def _nothing_was_lost_sight_of(self, *, notice: bool) -> None:
        promises.no_missed_clock_is_met(self.memory, notice=notice)
        promises.figures_are_those_of_the_cases()
        promises.nothing_is_deleted_beyond_what_was_approved(
            self.memory, self.world, worked=not self.resting
        )

    def _numbered(self, mails: Sequence[EmailMessage]) -> set[Any]:
        """Return the pseudonyms of the cases that mails name."""
        if not mails:
            return set()
        said = "\n".join(f"{one.subject} {one.body}" for one in mails)
        known = Case.objects.values_list("number", "pseudonym")
        return {pseudonym for number, pseudonym in known if number in said}

    def _told(self, cases: Sequence[Case], fresh: Sequence[Event]) -> None:
        """Hold what was told since the last step: steps of the timeline, and notices."""
        by_pseudonym = {case.pseudonym: case for case in cases}
        for event in fresh:
            self.last_event = event.pk
            case = by_pseudonym.get(event.case)
            if case is None:
                continue
            sentences.step_is_true(case, event)
            if event.name == "notice.sent" and case.erased_at is None:
                opened = EventContent.objects.select_related("case__data_key").get(
                    event=event.uid, name="notice"
                )
                text = opened.opening["content"]["text"]
                sentences.notice_is_true(case, str(event.facts["notice"]), text)


def _standing() -> list[object]:
    """Return how everything stands that a step could change."""
    rows = [list(model.objects.order_by("pk").values()) for model in _ROWS]
    return [*rows, *(model.objects.count() for model in _COUNTED)]
