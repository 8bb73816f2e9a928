"""Facts are what the cases say: whatever becomes of these, whoever looks, and in any period."""

import time
from collections import Counter
from datetime import date, datetime, timedelta
from io import StringIO
from random import Random
from statistics import fmean, median

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from freezegun import freeze_time

from tests.counted_directly import directly, from_facts
from tests.factories import ERIKA, INTAKE, WANG, earlier_case, file, make_case
from tests.threads import at_once
from workflows.cases import merging
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock, Item
from workflows.oversight.facts import derive_anew, differing, settle
from workflows.oversight.models import Fact, Subtotal
from workflows.oversight.row_security import restrict_to_scope
from workflows.statistics.counts import Period, mean_days, median_days

pytestmark = pytest.mark.django_db


def hold(*regimes: str, period: Period = Period()) -> None:  # noqa: B008
    """Expect facts and figures to be those of the cases."""
    assert differing() == (0, 0)
    for regime in regimes or ("CN", "EU"):
        for items in (False, True):
            counted = from_facts(regime, period, items=items)
            assert counted == directly(regime, period, items=items)


@pytest.mark.parametrize("state", list(State))
def test_a_case_in_any_state(state):
    make_case(state)
    make_case(state, ERIKA)
    hold()


def test_a_law_more_and_another_one_in_the_lead():
    case = make_case(State.ANSWERED, ERIKA)
    case.items.update(outcome="refused", ground="excessive", other_grounds={"CN": "not_held"})
    Case.objects.update(regimes=["EU", "CN"])
    hold()
    Case.objects.update(regimes=["CN", "EU"], regime="CN")
    case.items.update(ground="not_held", other_grounds={"EU": "excessive"})
    hold()
    assert Fact.objects.filter(position=0).count() == 2


def test_what_was_carried_into_a_case_and_taken_out_again():
    posts = FiledItem("delete", {"statement": "Delete my forum posts."})
    case = make_case(State.TRIAGE, ERIKA, items=(posts,))
    into = earlier_case(
        case, State.IN_REVIEW, items=(FiledItem("consult", {"statement": "What do you hold?"}),)
    )
    merging.merge_duplicate(case, INTAKE, into)
    assert Fact.objects.filter(case=into, position__gt=0).count() == 2
    hold("EU")
    merging.unmerge(case)
    assert Fact.objects.filter(case=into, position__gt=0).count() == 1
    hold("EU")


def test_the_clocks_that_lead_and_no_others():
    case = make_case()
    leading = case.clocks.get(leads=True)
    for change in (
        {"due_at": timezone.now() - timedelta(seconds=1)},
        {"state": "paused"},
        {"state": "missed"},
        {"state": "met"},
        {"state": "running", "due_at": None},
        {"state": "missed", "leads": False},
        {"leads": True, "regime": "EU"},
    ):
        Clock.objects.filter(pk=leading.pk).update(**change)
        hold()


def test_time_passes_without_a_change():
    case = make_case()
    for at, late in ((case.due_at - timedelta(seconds=1), False), (case.due_at, True)):
        with freeze_time(at):
            assert [key[-2] for key in from_facts("CN")] == [late]
            hold()


def test_what_is_not_counted_changes_no_fact():
    case = make_case(State.IN_REVIEW)
    before = list(Subtotal.objects.values())
    case.items.update(executed=False)
    case.clocks.update(reminders=1)
    Case.objects.update(proposed_by="staff-1", has_contact=False)
    assert list(Subtotal.objects.values()) == before


def test_subtotals_are_added_up():
    for _number in range(3):
        make_case(State.ANSWERED)
    make_case(State.WITHDRAWN)
    many, figures = Subtotal.objects.count(), from_facts("CN")
    assert settle() > 0
    assert Subtotal.objects.count() < many
    assert not Subtotal.objects.filter(number__lte=0).exists()
    assert (settle(), from_facts("CN")) == (0, figures)
    hold()


@pytest.mark.parametrize("seed", range(5))
def test_any_period(seed):
    random = Random(seed)
    first = datetime(2025, 12, 28, 15, 30, tzinfo=timezone.get_current_timezone())
    for _number in range(12):
        # At either side of midnight in China and in Brussels.
        at = first + timedelta(hours=8 * random.randrange(200))
        case = file(random.choice((WANG, ERIKA)), at=at).case
        if random.random() < 0.5:
            answered = at + timedelta(hours=random.randrange(60))
            Case.objects.filter(pk=case.pk).update(state="answered", answered_at=answered)
    days = [date(2025, 12, 20) + timedelta(days=random.randrange(90)) for _number in range(16)]
    ends = [None, date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), *days]
    for _number in range(40):
        since, until = random.choice(ends), random.choice(ends)
        if since is None or until is None or since <= until:
            hold(period=Period(since, until))


@pytest.mark.parametrize("days", [[], [3], [3, 4], [1, 2, 9], [5, 5, 5, 7], [0, 0, 1, 1, 30]])
def test_mean_and_median_of_days_told_by_how_often_they_occur(days):
    expected = (round(fmean(days), 1), median(days)) if days else (None, None)
    assert (mean_days(Counter(days)), median_days(Counter(days))) == expected


def test_a_regulator_sees_the_facts_of_one_regime(scope, other_scope):
    make_case(State.ANSWERED)
    make_case(State.ANSWERED, ERIKA)
    for mine in (scope, other_scope):
        with restrict_to_scope(mine):
            for model in (Fact, Subtotal):
                assert set(model.objects.values_list("regime", flat=True)) == {mine.regime}


def test_facts_that_are_not_as_derived_are_found_and_mended():
    make_case(State.ANSWERED)
    call_command("check_facts", stdout=(out := StringIO()))
    assert out.getvalue() == "OK\n"
    Fact.objects.filter(position=0).update(result="whole")
    with pytest.raises(CommandError, match="1 cases and 2 subtotals"):
        call_command("check_facts")
    call_command("check_facts", "--repair", stdout=(out := StringIO()))
    assert "written anew" in out.getvalue()
    hold()


def test_written_anew_they_are_the_same():
    for state in (State.ANSWERED, State.REJECTED_AS_ABUSE, State.IN_REVIEW):
        make_case(state)
        make_case(state, ERIKA)
    facts = set(Fact.objects.values_list())
    derive_anew()
    assert set(Fact.objects.values_list()) == facts
    hold()


@pytest.mark.django_db(transaction=True)
def test_two_who_change_one_case_at_once_leave_what_both_did():
    case = make_case(State.ANSWERED)
    clock = case.clocks.get(leads=True)

    at_once(
        lambda: Item.objects.filter(case=case).update(outcome="provided", ground=""),
        lambda: Clock.objects.filter(pk=clock.pk).update(state="missed"),
        lambda: Case.objects.filter(pk=case.pk).update(state="closed"),
    )
    hold()


@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_first_items_of_a_case_at_once_are_both_counted():
    case = make_case()
    case.items.all().delete()
    case.facts.all().delete()
    Subtotal.objects.all().delete()

    def add(position: int) -> None:
        with transaction.atomic():
            Item.objects.create(case=case, position=position, kind="copy")
            time.sleep(0.05)

    at_once(lambda: add(1), lambda: add(2))
    assert case.facts.filter(position__gt=0).count() == 2
    hold()


def test_clocks_and_items_that_many_cases_get_later():
    cases = [make_case(), make_case(State.TRIAGE, ERIKA)]
    late = {"kind": "more", "leads": True, "state": "missed", "started_at": timezone.now()}
    Clock.objects.bulk_create(
        Clock(case=case, regime=case.regime, deadline={}, **late) for case in cases
    )
    assert Fact.objects.filter(missed=True, position=0).count() == 2
    Item.objects.bulk_create(Item(case=case, position=9, kind="copy") for case in cases)
    assert Fact.objects.filter(position=9).count() == 2
    assert differing() == (0, 0)
