"""A copy of the code, to which a test adds something by touching only the files of a recipe."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from requests_portal.local.folders import PROJECT
from tests.prepared import migrated_database, with_database

DATABASE = f"recipe_{os.getpid()}"
CODE = ("workflows", "requests_portal", "templates", "locale")
# What journeys use of the tests.
HELPERS = (
    "factories.py",
    "openapi.py",
    "recipes",
    "requests_portal/api/urls.py",
    "requests_portal/public/person.py",
    "tokens.py",
)


class Copy:
    """A copy of the code, and a database that was migrated by the code as it is."""

    def __init__(self, folder: Path, urls: dict[str, str]) -> None:
        self.folder, self.urls = folder, urls
        ignore = shutil.ignore_patterns("__pycache__")
        for name in CODE:
            shutil.copytree(PROJECT / name, folder / name, ignore=ignore)
        for name in HELPERS:
            source, target = PROJECT / "tests" / name, folder / "tests" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=ignore)
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

    def run(self, *module: str) -> str:
        """Run a module in the copy, by the code of the copy; return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", *module],
            cwd=self.folder,
            env=os.environ | self.urls | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr[-4000:]
        return done.stdout

    def journey(self, name: str, *arguments: str) -> Any:
        """Run a journey of this folder; return the JSON of its last line."""
        return json.loads(self.run(f"tests.recipes.{name}", *arguments).splitlines()[-1])


@pytest.fixture
def copy(tmp_path: Path, django_db_modify_db_settings: None) -> Iterator[Copy]:
    """A copy with a database of its own, which is dropped afterwards."""
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    name = sql.Identifier(DATABASE)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
    with psycopg.connect(with_database(owner, "postgres"), autocommit=True) as server:
        template = sql.Identifier(migrated_database(owner))
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        urls = {
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], DATABASE),
            "DATABASE_OWNER_URL": with_database(owner, DATABASE),
        }
        try:
            yield Copy(tmp_path, urls)
        finally:
            server.execute(drop)
