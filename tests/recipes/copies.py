"""Copies of code, to which a test adds something by touching only the files of a recipe."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from requests_portal.local.folders import PROJECT

# The portal, and what journeys use of the tests.
PORTAL = (
    "workflows",
    "requests_portal",
    "templates",
    "locale",
    "tests/factories.py",
    "tests/openapi.py",
    "tests/recipes",
    "tests/requests_portal/api/urls.py",
    "tests/requests_portal/public/person.py",
    "tests/tokens.py",
)


class Copy:
    """A copy of folders and files of the project; its programs see `environment`, too."""

    def __init__(
        self, folder: Path, parts: Iterable[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.environment = folder, dict(environment or {})
        for part in parts:
            source, target = PROJECT / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def write(self, file: Path | str, text: str) -> None:
        """Write a new file."""
        path = self.folder / file
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def insert(self, file: Path | str, text: str, before: str = "") -> None:
        """Write a text into a file, before the only place with some words or at its end."""
        content = (self.folder / file).read_text(encoding="utf-8")
        assert not before or content.count(before) == 1
        start, end = content.split(before) if before else (content, "")
        (self.folder / file).write_text(f"{start}{text}{before}{end}", encoding="utf-8")

    def replace(self, file: Path | str, words: str, others: str) -> None:
        """Write other words in the place of some that stand once in a file."""
        content = (self.folder / file).read_text(encoding="utf-8")
        assert content.count(words) == 1
        (self.folder / file).write_text(content.replace(words, others), encoding="utf-8")

    def run(self, *arguments: str) -> str:
        """Run Python in the copy, by the code of the copy; return what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=os.environ | self.environment | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr[-4000:]
        return done.stdout

    def journey(self, name: str, *arguments: str) -> Any:
        """Run a journey of this folder; return the JSON of its last line."""
        printed = self.run("-m", f"tests.recipes.{name}", *arguments)
        return json.loads(printed.splitlines()[-1])
