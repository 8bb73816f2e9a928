"""Closed vocabularies: every code has a name, every reason a sentence, every refusal its text."""

import pytest

from workflows.cases import guards, lifecycle
from workflows.cases.errors import MoveRefused
from workflows.cases.guards import Situation
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Message
from workflows.cases.names import ACTION_NAMES, REFUSAL_TEXTS, STATE_NAMES
from workflows.common.errors import DomainError
from workflows.common.state_machine import Refusal
from workflows.regimes.services import all_regimes
from workflows.vocabulary.item_kinds import ItemKind, outcomes_for
from workflows.vocabulary.outcomes import CHANGES_DATA, NOT_GRANTED, Outcome
from workflows.vocabulary.people import Assurance, assurance_suffices
from workflows.vocabulary.roles import ROLE_NAMES, Role


@pytest.mark.parametrize(
    ("names", "codes"), [(STATE_NAMES, State), (ROLE_NAMES, Role), (ACTION_NAMES, Action)]
)
def test_each_code_has_one_name_of_its_own(names, codes):
    assert set(names) == set(codes)
    assert len({str(name) for name in names.values()}) == len(names)


def test_each_reason_of_a_guard_is_a_sentence():
    source = guards.__file__
    with open(source, encoding="utf-8") as file:  # noqa: PTH123
        text = file.read()

    for reason in set(REFUSAL_TEXTS) - set(Refusal):
        assert f'"{reason}"' in text
    for reason in REFUSAL_TEXTS.values():
        assert str(reason).endswith(".")


@pytest.mark.parametrize("reason", list(REFUSAL_TEXTS))
def test_a_refused_move_speaks_to_the_person_who_tried(reason):
    error = MoveRefused(Action.APPROVE, reason)

    assert isinstance(error, DomainError)
    assert str(error) == str(REFUSAL_TEXTS[reason])
    assert (error.action, error.reason) == (Action.APPROVE, reason)


def test_the_guards_need_nothing_but_a_situation():
    for move in lifecycle.MOVES.values():
        if move.guard is not None:
            assert move.guard(Situation()) in {"", *REFUSAL_TEXTS}


class TestVocabulary:
    def test_each_regime_knows_only_our_words(self):
        for regime in all_regimes():
            assert set(regime.items) <= set(ItemKind.values)
            assert {rule.assurance for rule in regime.items.values()} <= set(Assurance.values)

    def test_every_kind_of_item_has_an_outcome_that_grants(self):
        for kind in ItemKind:
            assert set(outcomes_for(kind)) > set(NOT_GRANTED)

    def test_every_outcome_belongs_to_some_item(self):
        assert {outcome for kind in ItemKind for outcome in outcomes_for(kind)} == set(Outcome)

    def test_what_claims_a_change_grants_something(self):
        assert not CHANGES_DATA & NOT_GRANTED

    def test_a_stronger_assurance_suffices_for_a_weaker_one(self):
        levels = list(Assurance)
        for place, held in enumerate(levels):
            for other_place, needed in enumerate(levels):
                assert assurance_suffices(held, needed) == (place >= other_place)

    def test_codes_fit_their_columns(self):
        for codes, length in ((ItemKind, 20), (Outcome, 24), (Message.Kind, 20), (State, 20)):
            assert max(map(len, (str(code) for code in codes))) <= length
