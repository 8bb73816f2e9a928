"""The wheel holds what a portal needs, and a portal runs from it."""

import os
import subprocess
import sys
import zipfile

import pytest

from requests_portal.local.folders import PROJECT
from tests.packaging.conftest import FILES, PACKAGES

pytestmark = pytest.mark.stack

LEFT_OUT = ("workflows/samples/", "requests_portal/local/")

LOOK = """
import django, requests_portal
django.setup()
from pathlib import Path
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import render_to_string
from django.utils import translation
from workflows.regimes.services import all_regimes
from requests_portal.backup import programs
call_command("check")
call_command("makemigrations", "--check", "--dry-run")
assert finders.find("portal/portal.css")
assert len(all_regimes()) > 5
with translation.override("zh-hans"):
    print(translation.gettext("Your data in AI training"))
print(Path(requests_portal.__file__).parent.parent)
"""


def kept() -> set[str]:
    """Return the files that belong into the wheel, by their names in it."""
    names = set()
    for top in (*PACKAGES, *FILES):
        for path in (PROJECT / top).rglob("*"):
            name = path.relative_to(PROJECT).as_posix()
            made = "__pycache__" in path.parts or path.name.startswith("kernel-")
            if path.is_file() and not made and not name.startswith(LEFT_OUT):
                names.add(name if top in PACKAGES else f"requests_portal/{name}")
    return names | {f"{name.removesuffix('.po')}.mo" for name in names if name.endswith(".po")}


def test_it_holds_all_that_a_portal_needs_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert names == kept()
    assert {
        "requests_portal/locale/zh_Hans/LC_MESSAGES/django.mo",
        "requests_portal/static/portal/portal.css",
        "requests_portal/templates/base.html",
        "workflows/corpus/normalize/kernel/kernel_fold.c",
        "workflows/regimes/EU.toml",
    } <= names


def test_a_portal_runs_from_it(wheel, tmp_path):
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    done = subprocess.run(
        [sys.executable, "-P", "-c", LOOK],
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHONPATH": str(site),
            "DJANGO_SETTINGS_MODULE": "requests_portal.settings",
            "DATA_DIR": str(tmp_path / "data"),
            "SECRET_KEY": "offline",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    translated, folder = done.stdout.splitlines()[-2:]
    assert "训练" in translated
    assert folder == str(site)
