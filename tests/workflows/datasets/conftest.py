"""A folder of datasets for each test that registers one."""

from pathlib import Path

import pytest


@pytest.fixture
def data(tmp_path, settings) -> Path:
    """The folder below which registered files must lie."""
    folder = tmp_path / "datasets"
    folder.mkdir()
    settings.DATASETS_DIRS = [folder]
    return folder
