"""The sweep of complaints, and what neither a second scheduler nor a strange clock can double."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from tests.complaints import HANDLER, complain_in, received
from tests.factories import ERIKA, INTAKE, file
from tests.threads import at_once
from workflows.cases.lifecycle import State as CaseState
from workflows.cases.models import BaseClock, Case, Clock
from workflows.complaints import services
from workflows.complaints.effects import sweep_complaints
from workflows.complaints.lifecycle import State
from workflows.complaints.models import ComplaintClock
from workflows.ledger.models import Event
from workflows.outbox.models import Effect
from workflows.outbox.periodic import run_periodic
from workflows.outbox.services import drain
from workflows.routing.assignment import assign
from workflows.routing.effects import sweep_clocks
from workflows.routing.models import Team

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ONE_OF_EACH = [("complaint.missed", None), ("complaint.reminded", 50), ("complaint.reminded", 80)]


def steps(case: Case, prefix: str = "complaint") -> list[tuple[str, object]]:
    """Return what the sweep did, as (event, percent), in no order of time."""
    names = [f"{prefix}.reminded", f"{prefix}.missed"]
    events = Event.objects.filter(case=case.pseudonym, name__in=names).order_by("pk")
    return sorted(
        ((event.name, event.facts.get("percent")) for event in events),
        key=lambda step: (step[0], step[1] or 0),
    )


def part_of(clock: BaseClock, part: float) -> datetime:
    return clock.started_at + (clock.due_at - clock.started_at) * part


class TestAComplaint:
    def test_is_reminded_of_and_marked_late_each_once_and_at_its_time(self):
        complaint = complain_in(State.RECEIVED)
        clock = complaint.clocks.get()

        taken = [
            sweep_complaints(part_of(clock, part)) for part in (0.49, 0.51, 0.79, 0.81, 0.99, 1, 2)
        ]

        assert taken == [0, 1, 0, 1, 0, 1, 0]
        assert steps(complaint.case) == ONE_OF_EACH
        event = Event.objects.get(name="complaint.missed")
        assert event.facts == {
            "complaint": str(complaint.pk),
            "clock": "complaint_response",
            "regime": "EU",
            "due_on": str(clock.due_on),
        }

    @pytest.mark.parametrize("case_state", [CaseState.ANSWERED, CaseState.CLOSED])
    def test_is_swept_whatever_became_of_its_case(self, case_state):
        complaint = complain_in(State.RECEIVED, case_state)

        assert sweep_complaints(complaint.clocks.get().due_at) == 1

    @pytest.mark.parametrize("state", [State.ANSWERED, State.WITHDRAWN, State.CLOSED])
    def test_that_has_its_outcome_is_left_alone(self, state):
        complaint = complain_in(state)

        assert sweep_complaints(complaint.clocks.get().due_at + HOUR) == 0

    def test_has_two_clocks_where_the_law_wants_it_acknowledged(self):
        complaint = complain_in(State.RECEIVED, residence="GB")
        acknowledge = complaint.clocks.get(leads=False)
        sweep_complaints(acknowledge.due_at)
        services.acknowledge(complaint, HANDLER, "Late, but we have it.")

        assert complaint.clocks.get(leads=False).state == Clock.State.MISSED
        assert complaint.clocks.get(leads=True).state == Clock.State.RUNNING
        assert sweep_complaints(acknowledge.due_at + HOUR) == 0

    def test_is_swept_by_the_task(self):
        complaint = complain_in(State.RECEIVED)
        ComplaintClock.objects.update(check_at=complaint.received_at)
        run_periodic("sweep-clocks")

        assert steps(complaint.case) == [("complaint.reminded", 50)]

    def test_escalates_to_the_team_by_case_number_only(self, mailoutbox, settings):
        settings.LANGUAGE_CODE = "en"
        complaint = complain_in(State.RECEIVED, CaseState.ANSWERED)
        assign(
            complaint.case,
            INTAKE,
            Team.objects.create(name="EU", email="team@provider.example"),
        )
        drain()
        mailoutbox.clear()
        clock = complaint.clocks.get()
        for part in (0.51, 0.81, 1):
            sweep_complaints(part_of(clock, part))
            drain()

        assert [mail.to for mail in mailoutbox] == [["team@provider.example"]] * 3
        assert [mail.subject.split(":")[0] for mail in mailoutbox] == [
            "Due soon",
            "Due soon",
            "Late",
        ]
        for mail in mailoutbox:
            assert "complaint" in mail.subject
            assert complaint.case.number in mail.body
            assert "Nobody answers" not in mail.body


# --- One event per deadline, whatever the clock of the host does ------------------------------------


def test_a_clock_that_jumps_an_hour_repeats_nothing_and_skips_nothing():
    complaint = complain_in(State.RECEIVED)
    request = complaint.case.clocks.get(leads=True)
    for clock, sweep in ((complaint.clocks.get(), sweep_complaints), (request, sweep_clocks)):
        for part in (0.5, 0.8, 1):
            at = part_of(clock, part)
            for jump in (-HOUR, HOUR, -HOUR, timedelta(), HOUR):
                sweep(at + jump)

    assert steps(complaint.case) == ONE_OF_EACH
    assert steps(complaint.case, "clock") == [
        ("clock.missed", None),
        ("clock.reminded", 50),
        ("clock.reminded", 80),
    ]


@pytest.mark.parametrize(
    ("at", "day", "hours"),
    [
        # Thirty days later is the Sunday on which the hour from two to three comes twice.
        (datetime(2026, 9, 25, 8, tzinfo=UTC), date(2026, 10, 25), 25),
        # Thirty days later is the Sunday on which that hour does not come at all.
        (datetime(2027, 2, 26, 8, tzinfo=UTC), date(2027, 3, 28), 23),
    ],
)
def test_a_day_on_which_the_hands_of_the_clock_are_moved_ends_once(at, day, hours):
    complaint = received(at, residence="DE-BE")
    clock = complaint.clocks.get()
    begins = datetime.combine(day, time(), ZoneInfo("Europe/Berlin")).astimezone(UTC)
    assert (clock.due_on, clock.due_at - begins) == (day, hours * HOUR)
    missed = Event.objects.filter(name="complaint.missed").order_by("pk")

    now = begins - HOUR
    while now < clock.due_at + 4 * HOUR:
        sweep_complaints(now)
        sweep_clocks(now)
        assert missed.count() == (now >= clock.due_at)
        now += HOUR / 2


# --- Two schedulers ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_take_each_step_once():
    complaints = [complain_in(State.RECEIVED) for _ in range(2)]
    requests = [file(ERIKA).case for _ in range(2)]
    clock = complaints[0].clocks.get()
    for part in (0.6, 0.9, 1.1):
        now = part_of(clock, part)
        at_once(*[lambda now=now: sweep_complaints(now)] * 2)
        at_once(*[lambda now=now: sweep_clocks(now)] * 2)
        # What one scheduler held, the other passed over; the next turn takes it.
        sweep_complaints(now)
        sweep_clocks(now)

    for complaint in complaints:
        assert steps(complaint.case) == ONE_OF_EACH
    for case in requests:
        names = [name for name, _ in steps(case, "clock")]
        assert names.count("clock.reminded") <= 2
        assert len(set(steps(case, "clock"))) == len(names)
    keys = Effect.objects.filter(kind="routing.notify_team").values_list("key", flat=True)
    assert len(keys) == len(set(keys))


@pytest.mark.django_db(transaction=True)
def test_a_case_in_other_hands_is_passed_over_and_taken_at_the_next_turn():
    complaint = complain_in(State.RECEIVED)
    later = complaint.clocks.get().due_at
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=complaint.case_id)
        assert at_once(lambda: sweep_complaints(later)) == [0]

    assert at_once(lambda: sweep_complaints(later)) == [1]
    assert steps(complaint.case) == [("complaint.missed", None)]
