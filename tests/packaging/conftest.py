"""The wheel, built once of a copy: a build compiles the catalogues where it runs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from requests_portal.local.folders import PROJECT

PACKAGES = ("requests_portal", "workflows")
FILES = ("templates", "locale")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel that `pip wheel . --no-deps` makes of what Git keeps."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in (*PACKAGES, *FILES):
        ignored = shutil.ignore_patterns("__pycache__", "*.mo")
        shutil.copytree(PROJECT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(PROJECT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", ".", "--no-deps", "--wheel-dir", folder], cwd=source, check=True)
    return next(folder.glob("*.whl"))
