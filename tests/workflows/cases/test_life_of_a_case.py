"""The life of a case, walked as a model: see `tests.life_of_a_case`."""

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tests.life_of_a_case.machine import TAKEN, LifeOfACase
from tests.life_of_a_case.steps import NOT_BY_PEOPLE, STEPS
from tests.life_of_a_case.world import prepared
from workflows.cases.lifecycle import MOVES, Action

EXAMPLES = 50
# Of the machine; most of them take several moves.
STEPS_OF_AN_EXAMPLE = 5

logger = logging.getLogger(__name__)


def test_the_model_knows_every_move():
    assert set(STEPS) | NOT_BY_PEOPLE == set(Action)


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_the_life_of_a_case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Fifty lives, always the same; with the profile of `make chaos` a thousand others, longer.

    What was taken of the table is logged: `--log-cli-level=INFO`.
    """
    examples = hypothesis_settings.default.max_examples
    thorough = examples > EXAMPLES
    with prepared(monkeypatch, tmp_path) as world_of:
        monkeypatch.setattr(LifeOfACase, "world_of", staticmethod(world_of), raising=False)
        run_state_machine_as_test(
            LifeOfACase,
            settings=hypothesis_settings(
                max_examples=examples if thorough else EXAMPLES,
                stateful_step_count=STEPS_OF_AN_EXAMPLE * (5 if thorough else 1),
                derandomize=not thorough,
                deadline=None,
                print_blob=True,
                # An example takes seconds, and holds more choices than others: that is meant so.
                suppress_health_check=list(HealthCheck),
            ),
        )
    logger.info(coverage())


def coverage() -> str:
    """Return which moves were taken from which states, how often, and which never."""
    cells = [
        (state, action)
        for action, move in MOVES.items()
        for state in sorted(move.sources)
        if action not in NOT_BY_PEOPLE
    ]
    taken = [f"{TAKEN[cell]:6} {cell[0]} {cell[1]}" for cell in cells if TAKEN[cell]]
    never = [f"{state} {action}" for state, action in cells if not TAKEN[state, action]]
    return "\n".join([*taken, f"Never, {len(never)} of {len(cells)}:", *never])
