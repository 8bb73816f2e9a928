"""Rules are read once a process; tests that change the folder must not leave their own behind."""

from collections.abc import Iterator

import pytest

from workflows.regimes import registry


@pytest.fixture
def own_folder(settings, tmp_path) -> Iterator:
    """Give a folder of the provider's own rules, empty at first."""
    settings.REGIMES_DIR = str(tmp_path)
    registry.clear_cache()
    yield tmp_path
    registry.clear_cache()
