"""The clocks of a case: what is stored is what the events derive, at each step of a life."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from freezegun import freeze_time

from tests.factories import ERIKA, INTAKE, REVIEWER, WANG, answer_again, file, make_case
from tests.laws import LAWS_IN_FORCE, reach
from workflows.accounts.actors import SYSTEM
from workflows.cases import correspondence, staff_actions
from workflows.cases.clocks import (
    add_clock_event,
    derive_deadlines,
    differing_clocks,
    extension_is_open,
    lead_differs,
    next_reminder_at,
    recompute,
    response_clock_kinds,
    stop_acknowledgement,
    time_left,
)
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case, Clock
from workflows.cases.transition import advance
from workflows.notices import moves
from workflows.outbox.services import drain
from workflows.regimes.deadlines.values import Deadline
from workflows.regimes.registry import regime_on
from workflows.regimes.services import explain, get_regime
from workflows.routing.effects import sweep_clocks
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db

MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)


def lead(case: Case) -> Clock:
    return case.clocks.filter(leads=True).latest("round")


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("request_", [WANG, ERIKA])
def test_stored_is_derived_in_each_state(state, request_):
    case = make_case(state, request_)

    assert differing_clocks(case) == []
    assert not lead_differs(case)


@pytest.mark.parametrize("regime", LAWS_IN_FORCE, ids=lambda regime: regime.code)
def test_each_law_starts_the_clocks_that_it_names(regime):
    case = file(ERIKA, residence=reach(regime), items=(FiledItem("copy"),)).case

    rules = [regime.item(kind) for kind in case.kinds]
    to_answer = {rule.clock if rule else regime.lead for rule in rules}
    clocks = case.clocks.filter(regime=regime.code)
    assert {clock.kind for clock in clocks} == (to_answer | {regime.acknowledge}) - {""}
    assert {clock.kind for clock in clocks.filter(leads=True)} == to_answer
    days = [clock.due_at for clock in case.clocks.filter(leads=True) if clock.due_at]
    assert case.due_at == min(days, default=None)


def test_a_right_without_a_number_has_an_aim_and_no_day_in_law(settings):
    settings.PROVIDER_REGIMES = ["CH"]
    case = file(ERIKA, residence="CH", at=MARCH).case

    found = {clock.kind: Deadline.from_dict(clock.deadline) for clock in case.clocks.all()}
    assert {kind: deadline.due_on for kind, deadline in found.items()} == {
        "response": date(2026, 4, 1),
        "response_change": None,
    }
    assert {clock.due_on for clock in case.clocks.all()} == {date(2026, 4, 1)}
    assert [kind for kind, deadline in found.items() if deadline.statutory] == ["response"]


def test_the_arithmetic_is_kept_with_the_clock():
    clock = lead(file(ERIKA, at=MARCH).case)

    deadline = Deadline.from_dict(clock.deadline)
    assert deadline.due_on == clock.due_on == date(2026, 4, 2)
    assert deadline.steps[0].code == "received"


@pytest.mark.parametrize(
    ("filed", "first", "extended"),
    [
        ("2026-03-02", date(2026, 4, 2), date(2026, 6, 2)),
        # 28 December is a Monday, 28 February a Sunday: the end moves to the Monday after it.
        ("2026-11-28", date(2026, 12, 28), date(2027, 3, 1)),
    ],
)
def test_an_extension_counts_from_the_start_again(filed, first, extended):
    with freeze_time(f"{filed} 09:00"):
        case = make_case(State.IN_REVIEW, ERIKA)
        assert lead(case).due_on == first

        moves.extend(case, REVIEWER, "A large dataset.")

    assert lead(case).due_on == extended
    assert case.due_on == lead(case).due_on
    assert differing_clocks(case) == []


def test_an_identity_request_pauses_the_clock_in_the_united_kingdom():
    with freeze_time("2026-03-02 09:00") as clock:
        case = make_case(State.TRIAGE, ERIKA, residence="GB")
        assert lead(case).due_on == date(2026, 4, 2)

        moves.ask_identity(case, INTAKE, "Please show who you are.")
        assert lead(case).state == Clock.State.PAUSED
        assert lead(case).check_at is None

        clock.tick(timedelta(days=10))
        staff_actions.accept_identity(case, INTAKE, Assurance.DOCUMENT, "Checked a document.")
    assert lead(case).state == Clock.State.RUNNING
    # The twelfth of April is a Sunday.
    assert lead(case).due_on == date(2026, 4, 13)


def test_going_on_without_proof_the_clock_of_the_united_kingdom_runs_as_if_none_was_asked_for():
    with freeze_time("2026-03-02 09:00") as clock:
        case = make_case(State.TRIAGE, ERIKA, residence="GB")
        moves.ask_identity(case, INTAKE, "Please show who you are.")

        clock.tick(timedelta(days=10))
        staff_actions.reject_identity(case, INTAKE, "No answer came.")
    assert lead(case).state == Clock.State.RUNNING
    assert lead(case).due_on == case.due_on == date(2026, 4, 2)
    assert lead(case).check_at is not None
    assert differing_clocks(case) == []


@pytest.mark.parametrize("regime", LAWS_IN_FORCE, ids=lambda regime: regime.code)
def test_no_clock_waits_for_a_proof_that_nobody_waits_for(regime):
    case = make_case(State.IDENTITY_NEEDED, ERIKA, residence=reach(regime))

    staff_actions.reject_identity(case, INTAKE, "No answer came.")

    assert not case.clocks.filter(state=Clock.State.PAUSED).exists()


def test_an_identity_request_pauses_nothing_in_china():
    case = make_case(State.TRIAGE, WANG)
    before = lead(case).due_at

    moves.ask_identity(case, INTAKE, "请证明身份。")

    assert (lead(case).state, lead(case).due_at) == (Clock.State.RUNNING, before)


@pytest.mark.parametrize(
    ("request_", "state", "days", "open_"),
    [
        (ERIKA, State.IN_REVIEW, 0, True),
        (ERIKA, State.IN_REVIEW, 50, False),
        (ERIKA, State.ANSWERED, 0, False),
        (WANG, State.IN_REVIEW, 0, False),
    ],
)
def test_an_extension_is_open_while_law_and_time_allow_it(request_, state, days, open_):
    case = make_case(state, request_, at=timezone.now() - timedelta(days=days))

    assert extension_is_open(case) == open_


def test_a_clock_that_stands_still_can_be_extended_after_its_earliest_day():
    with freeze_time("2026-03-02 09:00") as clock:
        case = make_case(State.IN_REVIEW, ERIKA, residence="GB", items=(FiledItem("copy"),))
        moves.ask_information(case, REVIEWER, "Which forum?")
        clock.tick(timedelta(days=60))
        assert timezone.now() > lead(case).due_at

        assert extension_is_open(case)


def test_a_question_about_a_copy_does_not_stop_the_time_for_a_deletion():
    with freeze_time("2026-09-14 09:00") as clock:
        case = make_case(State.IN_REVIEW, ERIKA, residence="GB-ENG")
        clock.move_to("2026-09-17 09:00")
        moves.ask_information(case, REVIEWER, "Which forum?")

        waiting = lead(case)
        assert (waiting.state, waiting.due_on) == (Clock.State.RUNNING, date(2026, 10, 14))
        assert [(each["kinds"], each["paused"]) for each in waiting.deadline["by_item"]] == [
            (["delete"], False),
            (["copy"], True),
        ]

        clock.move_to("2026-09-24 09:00")
        add_clock_event(case, "clarification_answered", timezone.now())

        assert lead(case).due_on == date(2026, 10, 14)
        assert [(each["kinds"], each["on"]) for each in lead(case).deadline["by_item"]] == [
            (["delete"], "2026-10-14"),
            (["copy"], "2026-10-22"),
        ]
        assert differing_clocks(case) == []


def test_a_right_that_a_law_does_not_know_yet_has_no_time_under_it():
    california = regime_on(get_regime("US-CA"), date(2026, 12, 15))

    assert response_clock_kinds(california, ["object", "explain"]) == ("opt_out",)
    assert response_clock_kinds(california, ["explain"]) == ("response",)


def test_a_question_after_the_last_day_makes_no_missed_clock_run_again():
    with freeze_time("2026-03-02 09:00") as clock:
        case = make_case(State.TRIAGE, ERIKA, residence="GB")
        clock.tick(timedelta(days=40))
        sweep_clocks()
        assert lead(case).state == Clock.State.MISSED

        moves.ask_identity(case, INTAKE, "Please show who you are.")
        clock.tick(timedelta(days=2))
        staff_actions.accept_identity(case, INTAKE, Assurance.DOCUMENT, "Checked a document.")

        assert lead(case).state == Clock.State.MISSED
        assert lead(case).due_on == date(2026, 4, 2)
        assert differing_clocks(case) == []


def test_a_missed_clock_runs_again_only_when_a_notice_of_days_off_moves_its_date():
    case = make_case(State.IN_REVIEW, ERIKA)
    case.clocks.filter(leads=True).update(state=Clock.State.MISSED)

    recompute(case)
    assert lead(case).state == Clock.State.MISSED

    recompute(case, reopen=True)
    assert lead(case).state == Clock.State.RUNNING


class TestContested:
    """Whoever contests an answer asks anew: the time to answer runs from that day."""

    def contested(self, request_=ERIKA, **changes) -> Case:
        with freeze_time("2026-03-02 09:00") as clock:
            case = make_case(State.ANSWERED, request_, **changes)
            clock.move_to("2026-05-04 09:00")
            correspondence.contest(case, "I do not agree.")
        return case

    def test_a_clock_of_its_own_runs_from_that_day(self):
        case = self.contested()

        assert [(c.round, c.state) for c in case.clocks.order_by("round")] == [
            (0, Clock.State.MET),
            (1, Clock.State.RUNNING),
        ]
        assert lead(case).due_on == case.due_on == date(2026, 6, 4)
        assert lead(case).check_at is not None
        assert differing_clocks(case) == []
        assert not lead_differs(case)

    def test_its_arithmetic_begins_with_the_contest(self):
        deadline = Deadline.from_dict(lead(self.contested()).deadline)

        [first, *_rest] = explain(deadline, None, "en")
        assert first.startswith("The answer was contested at")

    def test_receipt_is_not_acknowledged_again(self):
        case = self.contested(WANG)

        assert [clock.kind for clock in case.clocks.filter(round=1)] == [case.lead_regime.lead]

    def test_the_team_is_reminded_and_lateness_is_told(self):
        case = self.contested()

        for day in ("2026-05-21", "2026-05-30", "2026-06-05"):
            with freeze_time(f"{day} 09:00"):
                sweep_clocks()

        assert lead(case).state == Clock.State.MISSED
        assert lead(case).reminders == 2

    def test_a_withdrawal_just_ends_it(self):
        case = self.contested()

        correspondence.withdraw(case)

        assert lead(case).state == Clock.State.STOPPED
        assert not lead(case).answered

    def test_the_second_answer_meets_it(self):
        case = self.contested()
        with freeze_time("2026-05-20 09:00"):
            answer_again(case)

        assert case.state == State.ANSWERED
        assert lead(case).state == Clock.State.MET


class TestHowAClockEnds:
    def test_answered_in_time_it_is_met(self):
        case = make_case(State.ANSWERED, ERIKA)

        clock = lead(case)
        assert (clock.state, clock.check_at) == (Clock.State.MET, None)
        assert clock.stopped_at < clock.due_at

    def test_answered_late_it_is_missed(self):
        case = make_case(State.ANSWERED, ERIKA, at=timezone.now() - timedelta(days=50))

        assert lead(case).state == Clock.State.MISSED
        assert lead(case).answered

    @pytest.mark.parametrize("state", [State.WITHDRAWN, State.EXPIRED, State.MERGED])
    def test_a_case_that_ends_otherwise_just_stops_it(self, state):
        assert lead(make_case(state, ERIKA)).state == Clock.State.STOPPED

    def test_after_the_end_nothing_moves_it(self):
        case = make_case(State.ANSWERED, ERIKA)
        before = Clock.objects.filter(case=case).values().get()

        correspondence.contest(case, "I do not agree.")
        recompute(case)

        assert Clock.objects.filter(case=case, round=0).values().get() == before

    def test_the_acknowledgement_meets_its_own_clock_only(self):
        case = make_case(State.TRIAGE, WANG)
        event = advance(case, Action.ACKNOWLEDGE, SYSTEM)
        stop_acknowledgement(case, event.at)

        assert case.clocks.get(kind="acknowledge").state == Clock.State.MET
        assert lead(case).state == Clock.State.RUNNING

    def test_the_worker_acknowledges_a_filing(self):
        case = file(WANG).case
        drain()

        assert case.clocks.get(kind="acknowledge").state == Clock.State.MET


class TestReminders:
    def test_the_sweep_looks_at_half_of_the_time_then_at_four_fifths_then_at_the_end(self):
        clock = lead(file(ERIKA).case)
        length = clock.due_at - clock.started_at

        looks = []
        for clock.reminders in (0, 1, 2):
            looks.append(next_reminder_at(clock))

        assert looks == [
            clock.started_at + length * 0.5,
            clock.started_at + length * 0.8,
            clock.due_at,
        ]

    def test_an_extension_moves_the_next_look(self):
        case = make_case(State.IN_REVIEW, ERIKA)
        before = lead(case).check_at
        moves.extend(case, REVIEWER, "A large dataset.")

        assert lead(case).check_at > before

    @pytest.mark.parametrize("state", [Clock.State.PAUSED, Clock.State.UNLIMITED, Clock.State.MET])
    def test_a_clock_that_does_not_run_is_not_looked_at(self, state):
        clock = lead(file(ERIKA).case)
        clock.state = state

        assert next_reminder_at(clock) is None


def test_how_long_is_left():
    case = file(ERIKA).case

    assert time_left(case, case.due_at - timedelta(days=3)) == timedelta(days=3)
    assert time_left(case, case.due_at + timedelta(hours=1)) == -timedelta(hours=1)
    case.due_at = None
    assert time_left(case) is None


def test_to_derive_again_changes_nothing():
    case = make_case(State.IN_REVIEW, ERIKA)
    before = list(Clock.objects.filter(case=case).values())

    recompute(case)

    assert list(Clock.objects.filter(case=case).values()) == before
    assert set(derive_deadlines(case)) == {(c.regime, c.kind) for c in case.clocks.all()}


class TestItemsWithAClockOfTheirOwn:
    """California: fifteen working days to opt out, forty-five days to know."""

    def kinds(self, *items: str) -> dict[str, bool]:
        case = file(
            residence="US-CA", items=tuple(FiledItem(kind, {"statement": "x"}) for kind in items)
        ).case
        return {clock.kind: clock.leads for clock in case.clocks.all()}

    def test_an_opt_out_is_steered_by_its_own_clock(self) -> None:
        assert self.kinds("object") == {"acknowledge": False, "opt_out": True}

    def test_a_request_to_know_is_not(self) -> None:
        assert self.kinds("copy") == {"acknowledge": False, "response": True}

    def test_of_both_together_the_earlier_leads(self) -> None:
        assert self.kinds("copy", "object") == {
            "acknowledge": False,
            "opt_out": True,
            "response": True,
        }
        case = Case.objects.get()
        days = {clock.kind: clock.due_on for clock in case.clocks.all()}
        assert case.due_on == days["opt_out"] < days["response"]

    def test_extending_moves_the_clock_that_can_be_extended_and_no_other(self) -> None:
        self.kinds("copy", "object")
        case = Case.objects.get()
        before = {clock.kind: clock.due_on for clock in case.clocks.all()}
        assert extension_is_open(case)
        add_clock_event(case, "extension_told", timezone.now())
        after = {clock.kind: clock.due_on for clock in Case.objects.get().clocks.all()}
        assert after["opt_out"] == before["opt_out"]
        assert after["response"] > before["response"]

    def test_an_opt_out_alone_cannot_be_extended(self) -> None:
        self.kinds("object")
        assert not extension_is_open(Case.objects.get())
