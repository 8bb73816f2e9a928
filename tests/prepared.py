"""What is the same for all test processes of a checkout, and made anew only when the code changed."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from requests_portal.local.folders import PROJECT, data_folder
from requests_portal.local.setup_steps import fingerprint

_PREFIX = "migrated_"
_STATIC = ("static", "stamps/static")


def with_database(url: str, name: str) -> str:
    """Return the address of a database with another name on the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def migrated_database(owner_url: str) -> str:
    """Return the name of a database in which the migrations have run, to be used as a template.

    Migrations read other modules and their data, so any change of the code makes it anew.
    """
    with (
        _locked("database"),
        psycopg.connect(with_database(owner_url, "postgres"), autocommit=True) as server,
    ):
        name = f"{_PREFIX}{fingerprint(_code())[:16]}"
        rows = server.execute("SELECT datname FROM pg_database").fetchall()
        kept = [row[0] for row in rows if row[0].startswith(_PREFIX)]
        if name not in kept:
            for old in kept:
                server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
            _migrate(server, owner_url, f"{_PREFIX}unfinished")
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(f"{_PREFIX}unfinished"), sql.Identifier(name)
                )
            )
    return name


def take_static_files(folder: Path) -> None:
    """Put the static files that another portal has collected into the data folder of a new one.

    Its own start looks whether they are still the right ones.
    """
    with _locked("static"):
        for part in _STATIC:
            _copy(_kept() / part, folder / part)


def keep_static_files(folder: Path) -> None:
    """Keep the static files that a portal has collected, for the next one."""
    with _locked("static"):
        shutil.rmtree(_kept(), ignore_errors=True)
        for part in _STATIC:
            _copy(folder / part, _kept() / part)


def _code() -> list[Path]:
    folders = [PROJECT / "workflows", PROJECT / "requests_portal"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    code = sorted(path for path in files if path.suffix in {".py", ".sql", ".toml"})
    return [*code, PROJECT / "requirements" / "dev.txt"]


def _migrate(server: psycopg.Connection, owner_url: str, name: str) -> None:
    database = sql.Identifier(name)
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(database))
    server.execute(sql.SQL("CREATE DATABASE {}").format(database))
    url = with_database(owner_url, name)
    for command in (
        ("manage.py", "migrate", "--no-input", "--verbosity=0"),
        # As where a portal is live: notices are sent only with clauses that counsel attests.
        ("-m", "tests.attested"),
    ):
        subprocess.run(
            [sys.executable, *command],
            cwd=PROJECT,
            env=os.environ | {"DATABASE_OWNER_URL": url, "DATABASE_ROLE": "owner"},
            check=True,
        )


def _kept() -> Path:
    return data_folder() / "test-static"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy(source, target)


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    """Let one process at a time do what is named."""
    with (data_folder() / f"test-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
