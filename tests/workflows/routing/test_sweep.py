"""The sweep: reminds at half and at four fifths, marks late, each once, whatever runs beside it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import APPROVER, ERIKA, INTAKE, WANG, file, make_case
from tests.threads import at_once
from workflows.cases import correspondence
from workflows.cases.clocks import differing_clocks
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.routing.assignment import assign
from workflows.routing.effects import sweep_clocks
from workflows.routing.models import Team

pytestmark = pytest.mark.django_db


def lead(case: Case) -> Clock:
    return case.clocks.get(leads=True)


def part_of(clock: Clock, part: float):
    return clock.started_at + (clock.due_at - clock.started_at) * part


def steps(case: Case) -> list[tuple[str, object]]:
    events = Event.objects.filter(case=case.pseudonym, name__startswith="clock.").order_by("step")
    return [(event.name, event.facts.get("percent")) for event in events]


def test_each_step_is_taken_once_and_at_its_time():
    case = make_case(State.TRIAGE, ERIKA)
    clock = lead(case)

    taken = [
        sweep_clocks(part_of(clock, part)) for part in (0.49, 0.51, 0.6, 0.79, 0.81, 0.99, 1, 2)
    ]

    assert taken == [0, 1, 0, 0, 1, 0, 1, 0]
    assert steps(case) == [
        ("clock.reminded", 50),
        ("clock.reminded", 80),
        ("clock.missed", None),
    ]
    assert lead(case).state == Clock.State.MISSED
    assert differing_clocks(case) == []


def test_what_is_late_already_is_marked_without_reminders_before():
    case = file(ERIKA, at=timezone.now() - timedelta(days=50)).case

    sweep_clocks()

    assert steps(case) == [("clock.missed", None)]


def test_the_event_says_which_clock_and_day():
    case = make_case(State.TRIAGE, ERIKA)
    sweep_clocks(lead(case).due_at)

    event = Event.objects.get(name="clock.missed")
    assert {k: event.facts[k] for k in ("clock", "regime", "due_on")} == {
        "clock": "response",
        "regime": "EU",
        "due_on": str(case.due_on),
    }
    assert (event.role, event.actor) == ("system", "")


def test_a_clock_that_waits_for_the_person_is_left_alone():
    case = make_case(State.TRIAGE, ERIKA, residence="GB")
    due = lead(case).due_at
    moves.ask_identity(case, INTAKE, "Please show who you are.")

    assert sweep_clocks(due + timedelta(days=100)) == 0


@pytest.mark.parametrize("state", [State.ANSWERED, State.WITHDRAWN, State.CLOSED])
def test_what_has_been_answered_or_has_ended_is_left_alone(state):
    case = make_case(state, ERIKA)

    assert sweep_clocks(lead(case).due_at + timedelta(days=1)) == 0
    assert steps(case) == []


def test_an_extension_moves_the_steps_that_are_left():
    case = make_case(State.IN_REVIEW, ERIKA)
    first = lead(case)
    sweep_clocks(part_of(first, 0.51))
    moves.extend(case, APPROVER, "A large dataset.")

    assert sweep_clocks(part_of(first, 0.9)) == 0
    assert sweep_clocks(part_of(lead(case), 0.81)) == 1
    assert steps(case) == [
        ("clock.reminded", 50),
        ("clock.extended", None),
        ("clock.reminded", 80),
    ]


def test_a_lock_held_by_somebody_at_work_is_not_waited_for():
    case = make_case(State.TRIAGE, ERIKA)

    with CaptureQueriesContext(connection) as queries:
        sweep_clocks(lead(case).due_at)

    assert any("SKIP LOCKED" in query["sql"] for query in queries)


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_take_each_step_once():
    cases = [make_case(State.TRIAGE, ERIKA) for _ in range(3)]
    later = lead(cases[0]).due_at + timedelta(days=1)

    at_once(*[lambda: sweep_clocks(later)] * 3)
    sweep_clocks(later)

    for case in cases:
        assert steps(case) == [("clock.missed", None)]


def test_due_clocks_are_found_by_an_index_among_many():
    case = file(WANG).case
    Clock.objects.bulk_create(
        Clock(
            case=case,
            regime=f"X{n}",
            kind="response",
            started_at=timezone.now(),
            due_at=timezone.now(),
            check_at=timezone.now() + timedelta(days=1 + n) if n % 2 else None,
        )
        for n in range(2_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_clock")

    plan = Clock.objects.filter(check_at__lte=timezone.now()).order_by("check_at").explain()

    assert "clock_to_check" in plan
    assert "Seq Scan" not in plan


def test_a_sweep_with_nothing_due_is_one_query_for_any_number_of_cases():
    for _ in range(3):
        file(WANG)

    with CaptureQueriesContext(connection) as queries:
        assert sweep_clocks() == 0
    assert len(queries) == 1


class TestTheTeam:
    def case_of_a_team(self, email: str = "team@provider.example") -> Case:
        case = make_case(State.TRIAGE, ERIKA)
        assign(case, INTAKE, Team.objects.create(name="EU", email=email))
        drain()
        return case

    def test_is_told_of_each_step_by_case_number_only(self, mailoutbox):
        case = self.case_of_a_team()
        clock = lead(case)
        mailoutbox.clear()

        for part in (0.51, 0.81, 1):
            sweep_clocks(part_of(clock, part))
            drain()

        told = [mail for mail in mailoutbox if mail.to == ["team@provider.example"]]
        assert len(told) == 3
        for mail in told:
            assert case.number in mail.subject
            assert "Erika" not in mail.body
            assert "erika" not in mail.body
            assert f"/staff/cases/case/{case.pk}/change/" in mail.body

    @pytest.mark.parametrize("has_team", [True, False])
    def test_without_an_address_the_privacy_officers_are_told(
        self, mailoutbox, privacy_officer, has_team
    ):
        privacy_officer.email = "officer@provider.example"
        privacy_officer.save()
        case = self.case_of_a_team(email="") if has_team else make_case(State.TRIAGE, ERIKA)
        drain()
        mailoutbox.clear()
        sweep_clocks(lead(case).due_at)
        drain()

        told = {address for mail in mailoutbox for address in mail.to}
        assert told == {"erika@example.de", "officer@provider.example"}

    def test_is_not_told_of_what_has_ended_meanwhile(self, mailoutbox):
        case = self.case_of_a_team()
        sweep_clocks(lead(case).due_at)
        correspondence.withdraw(case)
        mailoutbox.clear()
        drain()

        assert [mail for mail in mailoutbox if mail.to == ["team@provider.example"]] == []

    def test_is_not_told_of_a_clock_that_does_not_lead(self):
        case = make_case(State.TRIAGE, WANG)
        Effect.objects.all().delete()
        acknowledge = case.clocks.get(kind="acknowledge")

        sweep_clocks(part_of(acknowledge, 0.51))

        assert not Effect.objects.filter(kind="routing.notify_team").exists()
