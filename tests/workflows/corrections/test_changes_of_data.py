"""Changes in the data, walked as a model: see `tests.changes_of_data`."""

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tests.changes_of_data import corpus
from tests.changes_of_data.machine import ChangesOfData
from tests.changes_of_data.pipelines import (
    CHANGE_OTHERS,
    DO_LESS,
    HONEST,
    PIPELINES,
    WITHOUT_A_VERSION,
)
from tests.changes_of_data.world import DONE, prepared

# Of each format.
EXAMPLES = 4
# Of the machine; some of them take several steps.
STEPS_OF_AN_EXAMPLE = 4

logger = logging.getLogger(__name__)


@pytest.mark.hypothesis
@pytest.mark.django_db
@pytest.mark.parametrize("ending", corpus.FORMATS)
def test_changes_of_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str):
    """A few walks for each format, always the same; with the profile of `make chaos` a thousand.

    What was done is logged: `--log-cli-level=INFO`.
    """
    examples = hypothesis_settings.default.max_examples
    thorough = examples >= 1000
    with prepared(monkeypatch, tmp_path, ending) as world_of:
        monkeypatch.setattr(ChangesOfData, "world_of", staticmethod(world_of), raising=False)
        run_state_machine_as_test(
            ChangesOfData,
            settings=hypothesis_settings(
                max_examples=examples // len(corpus.FORMATS) if thorough else EXAMPLES,
                stateful_step_count=STEPS_OF_AN_EXAMPLE * (2 if thorough else 1),
                derandomize=not thorough,
                # An example takes a second: to make a failing one smaller would take an hour.
                phases=[Phase.explicit, Phase.reuse, Phase.generate],
                report_multiple_bugs=False,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    logger.info(counted(ending))
    # A model that does nothing breaks no promise.
    expected = ["verified", "left", "carried out", "ended"]
    if thorough:
        expected += [f"{how}: given" for how in PIPELINES if how not in WITHOUT_A_VERSION]
        expected += [f"{HONEST}: verified", "refuses: refused", "names another version: refused"]
        expected += [f"{how}: left" for how in DO_LESS]
        # Of a table, which lives on, others are not compared, and this server only reads it.
        if ending != "table":
            expected += ["applied-here: verified", *(f"{how}: left" for how in CHANGE_OTHERS)]
    never = [what for what in expected if not DONE[ending, what]]
    assert not never, f"{ending}: never {never}\n{counted(ending)}"


def counted(ending: str) -> str:
    """Return what was done to a format, how often."""
    done = sorted((what, number) for (of, what), number in DONE.items() if of in ("", ending))
    return "\n".join([ending, *(f"{number:6} {what}" for what, number in done)])
