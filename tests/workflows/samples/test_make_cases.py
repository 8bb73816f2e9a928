"""`manage.py make_cases`: as many cases as asked for, each as whole as a filed one."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import REVIEWER, WANG, file
from workflows.cases.clocks import REMINDERS
from workflows.cases.filing import EMAIL_INDEX
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case, Clock, EventContent
from workflows.cases.transition import advance
from workflows.ledger import sequencer
from workflows.ledger.canonical import opens
from workflows.ledger.models import Event
from workflows.ledger.verify import verify_log
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.regimes import services as regimes
from workflows.regimes.deadlines.values import ClockEvent as RuleEvent
from workflows.regimes.registry import get_regime
from workflows.routing.effects import sweep_clocks
from workflows.samples.bulk_cases import ARRIVALS, BATCH, PATHS
from workflows.vault import blind_index

pytestmark = pytest.mark.django_db


def make(count: int, *options: str) -> dict[str, str]:
    out = StringIO()
    call_command("make_cases", str(count), *options, stdout=out)
    return dict(line.rsplit(" ", 1) for line in out.getvalue().splitlines())


def test_it_makes_open_cases_in_several_states_and_says_the_rate():
    printed = make(60)

    assert printed["cases"] == "60"
    assert float(printed["cases a second"]) > 0
    assert Case.objects.count() == 60
    assert {case.state for case in Case.objects.all()} == set(PATHS)
    assert len({case.regime for case in Case.objects.all()}) == 4


def test_each_case_has_its_events_as_if_it_had_been_filed_and_moved():
    make(40)
    real = file(WANG).case

    for case in Case.objects.exclude(pk=real.pk):
        events = list(Event.objects.filter(case=case.pseudonym).order_by("step"))
        assert [event.step for event in events] == list(range(1, len(events) + 1))
        assert [event.name for event in events][:2] == ["case.received", "acknowledgement.sent"]
        assert events[-1].facts.get("to", State.FILED) == case.state
        assert set(events[0].facts) == set(Event.objects.get(case=real.pseudonym).facts)
        opening = EventContent.objects.get(event=events[0].uid).opening
        assert opens(
            events[0].commitments["request"], opening["content"], bytes.fromhex(opening["nonce"])
        )


def test_the_log_verifies_and_register_numbers_have_no_gap():
    file(WANG)
    make(30)
    file(WANG)
    sequencer.drain_inbox()

    assert verify_log().size == Event.objects.count()
    numbers = (
        Event.objects.filter(register="CN").order_by("pk").values_list("register_number", flat=True)
    )
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_stored_clocks_are_the_derived_ones_and_none_is_due():
    make(40)

    call_command("check_clocks", stdout=StringIO())
    assert sweep_clocks() == 0
    assert not Clock.objects.filter(state=Clock.State.MISSED).exists()


def test_no_arrival_is_so_old_that_a_reminder_is_due_whatever_the_day():
    cn = get_regime("CN")
    kind = cn.lead

    for day in range(366):
        at = datetime(2026, 1, 1, 15, 50, tzinfo=UTC) + timedelta(days=day)
        deadline = regimes.compute_all(cn, [RuleEvent("received", at)], "CN", [kind])[kind]
        assert (deadline.lead_before - at) * REMINDERS[0] > max(ARRIVALS), at


def test_nobody_is_mailed(mailoutbox):
    make(10)
    drain()

    assert mailoutbox == []
    assert not Effect.objects.exists()


def test_a_case_can_be_found_and_worked_on():
    make(30)
    case = Case.objects.filter(state=State.TRIAGE).first()

    email = case.people.get().email
    assert blind_index.find(EMAIL_INDEX, email) == [case.data_key_id]
    assert case.items.first().details
    advance(case, Action.BEGIN_REVIEW, REVIEWER)


def test_the_same_seed_gives_the_same_people():
    make(10, "--seed", "7")
    first = sorted(case.people.get().email for case in Case.objects.all())
    Case.objects.all().delete()
    make(10, "--seed", "7")

    assert sorted(case.people.get().email for case in Case.objects.all()) == first


def test_a_batch_takes_few_queries():
    make(1)
    with CaptureQueriesContext(connection) as queries:
        make(BATCH)

    # One for each case's blind index, and those that derive the dates that cases share.
    assert len(queries) < BATCH + 9 * 60 + 40


@pytest.mark.parametrize("count", ["0", "-5", "many"])
def test_what_is_no_number_is_refused(count):
    with pytest.raises(CommandError, match="not a number of cases"):
        call_command("make_cases", "--", count)
