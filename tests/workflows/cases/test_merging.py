"""Merging a duplicate: what is carried over, what it may be merged into, and the way back."""

from datetime import timedelta

import pytest
from django.utils import timezone
from freezegun import freeze_time

from tests.factories import (
    APPROVER,
    ERIKA,
    INTAKE,
    REVIEWER,
    earlier_case,
    make_case,
)
from tests.threads import at_once
from workflows.cases import clocks, merging
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledIdentifier, FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock
from workflows.common.errors import DomainError, InvalidInput
from workflows.ledger.models import Event
from workflows.outbox.models import Effect

pytestmark = pytest.mark.django_db

POSTS = FiledItem("delete", {"statement": "Delete my forum posts."})
PICTURES = FiledItem("delete", {"statement": "Delete my pictures."})
ASKING = FiledItem("consult", {"statement": "What do you hold?"})


def pair(*, asks=(PICTURES,), target=State.IN_REVIEW, **changes):
    """Make a case in triage, and an earlier one from the same address in the state `target`."""
    case = make_case(State.TRIAGE, ERIKA, items=asks, **changes)
    return case, earlier_case(case, target, items=(ASKING,), identifiers=())


def asked(case):
    return [(i.position, i.kind, i.details.get("statement")) for i in case.items.all()]


def test_both_cases_know_of_each_other_by_pseudonym():
    case, into = pair()
    merging.merge_duplicate(case, INTAKE, into)

    case.refresh_from_db()
    assert (case.state, case.merged_into) == (State.MERGED, into)
    merged, joined = (Event.objects.get(name=name) for name in ("case.merged", "case.joined"))
    assert merged.facts["into"] == str(into.pseudonym)
    assert joined.case == into.pseudonym
    told = {name: joined.facts[name] for name in ("other", "items", "identifiers")}
    assert told == {"other": str(case.pseudonym), "items": 1, "identifiers": 1}


def test_what_is_asked_for_and_looked_for_goes_on_in_the_other_case():
    """A deletion that is merged into a consultation does not vanish."""
    case, into = pair(asks=(POSTS, PICTURES))
    merging.merge_duplicate(case, INTAKE, into)

    into.refresh_from_db()
    assert asked(into) == [
        (1, "consult", "What do you hold?"),
        (2, "delete", "Delete my forum posts."),
        (3, "delete", "Delete my pictures."),
    ]
    assert into.kinds == ["consult", "delete", "delete"]
    assert [(i.kind, i.value) for i in into.identifiers.all()] == [("handle", "@erika_b")]
    assert not clocks.differing_clocks(into)


def test_what_the_other_case_has_word_for_word_is_not_doubled():
    case = make_case(State.TRIAGE, ERIKA)
    into = earlier_case(case)
    merging.merge_duplicate(case, INTAKE, into)

    assert (into.items.count(), into.identifiers.count()) == (2, 1)


def test_a_clock_of_what_was_carried_over_goes_again_with_it():
    """In California who opts out is answered sooner than who wants a copy."""
    opt_out = FiledItem("opt_out_training", {"statement": "Leave me out."})
    case = make_case(State.TRIAGE, ERIKA, items=(opt_out,), residence="US-CA")
    copy = FiledItem("copy", {"statement": "What do you hold?"})
    long_ago = timezone.now() - timedelta(days=38)
    into = earlier_case(case, State.IN_REVIEW, items=(copy,), at=long_ago)
    merging.merge_duplicate(case, INTAKE, into)
    running = into.clocks.filter(leads=True, stopped_at=None)
    assert running.count() == 2

    merging.unmerge(case)

    into.refresh_from_db()
    assert running.get().kind == "response"
    assert into.due_at == running.get().due_at
    assert not clocks.differing_clocks(into)


def test_a_complaint_stays_by_the_case_in_which_it_has_its_clock():
    case, into = pair(asks=(FiledItem("complaint", {"statement": "Too slow."}), POSTS))
    merging.merge_duplicate(case, INTAKE, into)

    assert [item.kind for item in into.items.all()] == ["consult", "delete"]


@pytest.mark.parametrize(
    ("state", "again"),
    [(State.RECEIVED, 0), (State.TRIAGE, 0), (State.IN_REVIEW, 1), (State.FEE_NEEDED, 1)],
)
def test_a_case_whose_look_up_is_over_is_looked_up_again(state, again):
    case, into = pair(target=state)
    before = Effect.objects.filter(kind="lookups.look_up").count()
    merging.merge_duplicate(case, INTAKE, into)

    assert Effect.objects.filter(kind="lookups.look_up").count() == before + again


def test_a_law_that_times_one_kind_apart_gives_it_its_clock():
    case = make_case(State.TRIAGE, ERIKA, residence="US-CA", items=(FiledItem("opt_out_training"),))
    into = earlier_case(case, items=(ASKING,))
    # The opt-out is due much earlier than a consultation, so it may not wait for it.
    with pytest.raises(InvalidInput, match="due later"):
        merging.merge_duplicate(case, INTAKE, into)
    with pytest.raises(InvalidInput, match="due later"):
        merging.propose_merge(case, INTAKE, into, "It is the same person.")


def test_a_case_is_not_merged_into_itself():
    case = make_case(State.TRIAGE)

    with pytest.raises(InvalidInput):
        merging.merge_duplicate(case, INTAKE, case)


def test_the_case_whose_time_began_first_is_the_one_that_goes_on():
    later = make_case(State.TRIAGE)
    earlier = earlier_case(later, at=timezone.now() - timedelta(days=9))

    with pytest.raises(InvalidInput, match="Merge the later case into the earlier"):
        merging.merge_duplicate(earlier, INTAKE, later)
    merging.merge_duplicate(later, INTAKE, earlier)
    assert Case.objects.get(pk=earlier.pk).due_at == earlier.due_at < later.due_at


def test_a_case_under_another_law_is_not_merged():
    case = make_case(State.TRIAGE, ERIKA)
    into = earlier_case(case, residence="CN")

    with pytest.raises(InvalidInput, match="another law"):
        merging.merge_duplicate(case, INTAKE, into)


@pytest.mark.parametrize(
    "state",
    [
        State.FILED,
        State.DECISION_PROPOSED,
        State.EXECUTING,
        State.ANSWERED,
        State.CONTESTED,
        State.CLOSED,
        State.MERGED,
        State.WITHDRAWN,
    ],
)
def test_a_case_is_merged_only_into_one_that_is_received_and_not_decided(state):
    case = make_case(State.TRIAGE, ERIKA)
    into = earlier_case(case, state, at=timezone.now() - timedelta(hours=1))

    for try_it in (
        lambda: merging.merge_duplicate(case, INTAKE, into),
        lambda: merging.propose_merge(case, INTAKE, into, "The same person."),
    ):
        with pytest.raises(MoveRefused) as refused:
            try_it()
        assert refused.value.reason == "merge_target_decided"
    case.refresh_from_db()
    assert (case.state, case.merge_proposed_into) == (State.TRIAGE, None)


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_across_each_other_one_is_refused():
    at = timezone.now()
    one, other = make_case(State.TRIAGE, at=at), make_case(State.TRIAGE, at=at)

    results = at_once(
        lambda: merging.merge_duplicate(one, INTAKE, other),
        lambda: merging.merge_duplicate(other, INTAKE, one),
    )

    assert sum(isinstance(result, DomainError) for result in results) == 1
    assert Event.objects.filter(name="case.merged").count() == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_case_stays_where_a_merge_took_it_while_it_came_out(monkeypatch):
    """The other case is merged onwards after the chain was read, and before it is locked."""
    case, into = pair(target=State.TRIAGE)
    merging.merge_duplicate(case, INTAKE, into)
    into.refresh_from_db()
    last = earlier_case(into, identifiers=(FiledIdentifier("handle", "@first"),))
    lock = merging._lock

    def lock_after_a_merge(*cases):
        monkeypatch.setattr(merging, "_lock", lock)
        at_once(lambda: merging.merge_duplicate(into, INTAKE, last))
        assert Case.objects.get(pk=into.pk).merged_into == last
        return lock(*cases)

    monkeypatch.setattr(merging, "_lock", lock_after_a_merge)
    merging.unmerge(case)

    assert "Delete my pictures." not in {text for _place, _kind, text in asked(last)}
    assert [i.value for i in last.identifiers.all()] == ["@first"]
    assert Event.objects.filter(name="case.left").count() == 2


def test_a_refused_merge_leaves_both_cases_untouched():
    decided = make_case(State.DECISION_PROPOSED)
    into = earlier_case(decided)
    events = Event.objects.count()

    with pytest.raises(MoveRefused):
        merging.merge_duplicate(decided, INTAKE, into)
    decided.refresh_from_db()
    assert (Event.objects.count(), decided.merge_proposed_into) == (events, None)
    assert into.items.count() == 1


class TestTheWayBack:
    def test_the_case_goes_on_with_its_own_time(self):
        case, into = pair()
        due = case.due_at
        merging.merge_duplicate(case, INTAKE, into)
        assert set(case.clocks.values_list("state", flat=True)) <= {
            Clock.State.MET,
            Clock.State.STOPPED,
        }

        with freeze_time(timezone.now() + timedelta(days=3)):
            merging.unmerge(case, reasons="This is about pictures.")

        assert (case.state, case.merged_into, case.closed_at) == (State.TRIAGE, None, None)
        assert (case.due_at, clocks.lead_clock(case).due_at) == (due, due)
        assert clocks.lead_clock(case).state == Clock.State.RUNNING
        assert not clocks.differing_clocks(case)

    def test_a_time_that_is_over_meanwhile_is_found_late(self):
        case, into = pair()
        merging.merge_duplicate(case, INTAKE, into)

        with freeze_time(timezone.now() + timedelta(days=200)):
            merging.unmerge(case)
            assert clocks.lead_clock(case).check_at <= timezone.now()

    def test_what_was_carried_over_is_taken_out_again(self):
        case, into = pair()
        merging.merge_duplicate(case, INTAKE, into)
        merging.unmerge(case)

        into.refresh_from_db()
        assert asked(into) == [(1, "consult", "What do you hold?")]
        assert (into.kinds, into.identifiers.count()) == (["consult"], 0)
        assert Event.objects.get(name="case.left").case == into.pseudonym

    def test_what_was_decided_meanwhile_stays(self):
        case, into = pair(target=State.TRIAGE)
        merging.merge_duplicate(case, INTAKE, into)
        into.refresh_from_db()
        for state in (State.IN_REVIEW, State.DECISION_PROPOSED):
            step_to(into, state)
        merging.unmerge(case)

        assert into.items.count() == 2
        assert case.items.get().details["statement"] == "Delete my pictures."

    def test_a_case_comes_out_of_a_chain_of_merges(self):
        case, into = pair(target=State.TRIAGE)
        merging.merge_duplicate(case, INTAKE, into)
        into.refresh_from_db()
        last = earlier_case(into, identifiers=(FiledIdentifier("handle", "@first"),))
        merging.merge_duplicate(into, INTAKE, last)
        assert "Delete my pictures." in {text for _place, _kind, text in asked(last)}

        merging.unmerge(case)

        assert "Delete my pictures." not in {text for _place, _kind, text in asked(last)}
        assert "Delete my pictures." not in {text for _place, _kind, text in asked(into)}
        assert [i.value for i in last.identifiers.all()] == ["@first"]

    def test_a_reviewer_may_undo_a_mistake_and_intake_may_not(self):
        case, into = pair()
        merging.merge_duplicate(case, INTAKE, into)

        with pytest.raises(MoveRefused):
            merging.unmerge(case, INTAKE)
        merging.unmerge(case, REVIEWER)
        assert (case.state, case.merge_contested) == (State.TRIAGE, False)
        merging.merge_duplicate(case, INTAKE, into)

    def test_there_is_no_way_back_out_of_what_was_not_merged(self):
        case = make_case(State.TRIAGE)

        with pytest.raises(MoveRefused):
            merging.unmerge(case)
        with pytest.raises(MoveRefused):
            merging.approve_merge(case, APPROVER)


def step_to(case, state):
    """Take one step of the straight way."""
    from tests.factories import _STRAIGHT

    dict(_STRAIGHT)[state](case)
