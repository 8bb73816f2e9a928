"""Statistics, tally and yearly figures say the same of every case, whatever became of it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random

import pytest
from django.utils import timezone

from tests.factories import ERIKA, file
from workflows.accounts.actors import Actor
from workflows.cases import staff_actions, transition
from workflows.cases.lifecycle import MOVES, Action, State
from workflows.cases.models import Case
from workflows.exports.rows import row_from_log
from workflows.ledger.models import Event
from workflows.oversight.filters import zone_of
from workflows.statistics import figures as statistics
from workflows.statistics.counting import DECIDED, CountsAs, counts_as, is_late
from workflows.statistics.counts import Period
from workflows.statistics.export_statistics import FIGURES, ExportStatistics
from workflows.statistics.published import quarter
from workflows.statistics.yearly import TOTAL, items_of_year, tables
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.roles import Role

EVER = Period()
OUTCOMES = (Outcome.PROVIDED, Outcome.REFUSED, Outcome.NOT_HELD)
ANYBODY = Actor(frozenset(Role), "staff-anybody")
# Erasing takes nothing from the figures, and being late is a figure of its own.
LEFT_OUT = {Action.END_ERASED, Action.MARK_LATE}


@pytest.fixture
def unguarded(monkeypatch):
    """Every move that the table allows from a state, whoever acts and whatever was said before."""
    moves = {
        action: replace(move, guard=None, effects=(), clock_event="", roles=frozenset(Role))
        for action, move in MOVES.items()
    }
    monkeypatch.setattr(transition, "MOVES", moves)
    return {action: move for action, move in moves.items() if action not in LEFT_OUT}


def take(case: Case, action: Action, random: Random) -> None:
    facts = {}
    if action == Action.PROPOSE_DECISION:
        for item in case.items.all():
            item.outcome = random.choice(OUTCOMES)
            item.ground = "statutory_exception" if item.outcome == Outcome.REFUSED else ""
            item.save()
    if action == Action.ANSWER:
        facts = {"outcomes": staff_actions.outcomes_of(case)}
    transition.advance(case, action, ANYBODY, facts=facts)


def walk(case: Case, steps: int, moves, random: Random) -> None:
    """Take steps that lead to another state, as they come."""
    for _step in range(steps):
        state = State(case.state)
        ways = [a for a, m in moves.items() if state in m.sources and m.target not in {None, state}]
        if not ways:
            return
        # Else nearly every case would be withdrawn before it is answered.
        onward = [a for a in ways if MOVES[a].target not in {State.WITHDRAWN, State.EXPIRED}]
        take(case, random.choice(onward if onward and random.random() < 0.9 else ways), random)


def tallied(cases) -> ExportStatistics:
    tally, now = ExportStatistics(zone_of("EU")), timezone.now()
    for case in cases:
        entries = [e.body for e in Event.objects.filter(case=case.pseudonym).order_by("step")]
        leading = case.clocks.filter(regime="EU", leads=True)
        late = any(is_late(clock.state, clock.due_at, now) for clock in leading)
        tally.add(row_from_log(entries, "EU"), late=late)
    return tally


def agree(scope, cases) -> None:
    """Expect the figures of the three to be the same, and to come to what was received."""
    figures, tally = statistics.figures(scope, EVER), tallied(cases)
    assert {name: tally.figures[name] for name in FIGURES} == {
        name: getattr(figures, name) for name in FIGURES
    }
    assert (tally.mean_days, tally.median_days) == (figures.mean_days, figures.median_days)
    denials = Counter({d.ground: d.count for d in statistics.denials(scope, EVER)})
    assert tally.grounds == denials

    kinds = dict(statistics.by_kind(scope, EVER))
    year = timezone.now().year
    right, *_others = tables(
        "EU", lambda by: [i for each in (year - 1, year) for i in items_of_year(scope, each, *by)]
    )
    for kind, line in right.lines:
        if kind != TOTAL:
            one = kinds[kind]
            assert (line.received, line.granted, line.refused, line.nothing_held) == (
                one.received, one.whole, one.denied, one.nothing_held
            )  # fmt: skip
            assert (line.ended, line.open) == (one.ended, one.open)
            assert (line.mean_days, line.median_days) == (one.mean_days, one.median_days)

    for counted in (figures, *kinds.values(), *dict(statistics.by_month(scope, EVER)).values()):
        answered = counted.whole + counted.part + counted.denied + counted.nothing_held
        assert counted.answered == answered
        assert counted.answered + counted.ended + counted.open == counted.received
    for day, counted in statistics.by_quarter("EU", EVER):
        shown = quarter(day, counted)
        cells = (shown.complied, shown.refused, shown.nothing_held, shown.without_answer)
        assert sum(cell.value or 0 for cell in cells) <= counted.received


HISTORIES = {
    "answered": ("answer", "denied"),
    "answered and closed": ("answer close", "denied"),
    "contested": ("answer contest", "open"),
    "taken up again": ("answer close contest reopen", "open"),
    "answered anew": ("answer contest reopen answer", "denied"),
    "told that the answer stands": ("answer contest let_stand", "denied"),
    "rejected after the answer": ("answer contest reopen report_abuse reject_as_abuse", "denied"),
    "merged after the answer": ("answer contest reopen propose_merge merge", "ended"),
    "taken out again": ("answer contest reopen propose_merge merge unmerge", "open"),
    "withdrawn after the answer": ("answer contest withdraw", "ended"),
    "rejected and reinstated": ("reject_as_abuse reinstate", "open"),
    "rejected, reinstated, answered": ("reject_as_abuse reinstate begin_review answer", "denied"),
    "rejected, reinstated, withdrawn": ("reject_as_abuse reinstate withdraw", "ended"),
    "expired and reinstated": ("ask_fee end_unpaid reinstate", "open"),
    "another answer only proposed": ("answer contest reopen propose_decision", "open"),
}  # fmt: skip


@pytest.mark.parametrize(("history", "counted"), HISTORIES.values(), ids=list(HISTORIES))
def test_a_case_counts_once_by_how_it_stands(history, counted, unguarded, other_scope):
    case = file(ERIKA).case
    random = Random(1)
    random.choice = lambda _outcomes: Outcome.REFUSED
    for name in ("confirm_contact", "begin_triage", "begin_review", *history.split()):
        if name == "answer":
            for before in ("propose_decision", "approve"):
                take(case, Action(before), random)
        take(case, Action(name), random)
    figures = statistics.figures(other_scope, EVER)
    assert {each: getattr(figures, each) for each in CountsAs if getattr(figures, each)} == {
        counted: 1
    }
    agree(other_scope, [case])


@pytest.mark.parametrize("seed", range(3))
def test_whatever_becomes_of_cases_the_figures_agree(seed, unguarded, other_scope):
    random = Random(seed)
    cases = []
    for days in range(6):
        case = file(ERIKA, at=timezone.now() - timedelta(days=days)).case
        cases.append(case)
        walk(case, random.randrange(16), unguarded, random)
    agree(other_scope, cases)


def test_the_database_counts_as_the_rule_does(other_scope):
    case = file(ERIKA).case
    first, second = case.items.all()
    granted, refused, nothing = OUTCOMES
    answers = [
        (granted, granted), (granted, refused), (granted, nothing),
        (refused, nothing), (nothing, nothing), ("", ""),
    ]  # fmt: skip
    for outcomes, state, answered_at in product(answers, State, (None, timezone.now())):
        for item, outcome in zip((first, second), outcomes, strict=True):
            type(item).objects.filter(pk=item.pk).exclude(outcome=outcome).update(outcome=outcome)
        Case.objects.update(state=state, answered_at=answered_at, closed_at=timezone.now())
        expected = counts_as(state, answered=answered_at is not None, outcomes=outcomes)
        figures = statistics.figures(other_scope, EVER)
        assert [each for each in CountsAs if getattr(figures, each)] == [expected]
        assert figures.answered == (expected in DECIDED)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_counts_the_same_in_all_figures(outcome, unguarded, other_scope):
    case = file(ERIKA).case
    random = Random(1)
    random.choice = lambda _outcomes: outcome
    history = "confirm_contact begin_triage begin_review propose_decision approve answer"
    for name in history.split():
        take(case, Action(name), random)
    figures = statistics.figures(other_scope, EVER)
    others = {Outcome.REFUSED: "denied", Outcome.NOT_HELD: "nothing_held"}
    expected = others.get(outcome, "nothing_held" if outcome == "not_identifiable" else "whole")
    assert getattr(figures, expected) == 1
    agree(other_scope, [case])
