"""Serves the whole portal on one machine: `python -m requests_portal.local.run`, or `make run`."""

import argparse
import http.client
import json
import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from requests_portal.local import locks, postgres, processes, setup_steps
from requests_portal.local.bootstrap import DATABASE, prepare_environment
from requests_portal.local.folders import PROJECT, data_folder
from requests_portal.local.shared_server import ServerError
from requests_portal.local.sockets import listen
from requests_portal.local.supervisor import Supervisor
from requests_portal.local.valkey import Address

_FIRST_PORT = 8000
_MAIL_PORT_AFTER = 25


@dataclass(frozen=True)
class Site:
    """Where this run of the portal can be reached, and which servers of ours it uses."""

    port: int
    folder: Path
    own_database: bool
    servers: tuple[processes.Process, ...]
    # By the name of the process that takes connections on it.
    listeners: dict[str, socket.socket]
    # What only our own web server can know.
    instance: str

    @property
    def mail_folder(self) -> Path:
        """Where mails land when the mail catcher runs."""
        return self.folder / "mail"

    @property
    def details_file(self) -> Path:
        """A file that says, while the portal runs, where; see `describe`."""
        return self.folder / "run.json"

    def describe(self) -> None:
        """Write the address, the broker's address and the mail folder for other programs."""
        details = {
            "url": os.environ["PUBLIC_BASE_URL"],
            "broker": os.environ["REDIS_URL"],
            "mail": str(self.mail_folder),
        }
        self.details_file.write_text(json.dumps(details))


def main() -> None:
    """Set up what is missing, start all processes and stay until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--port", type=int, default=_FIRST_PORT, help="port of the site, or the next free one"
    )
    parser.add_argument(
        "--controlled",
        action="store_true",
        help="take `stop NAME` and `start NAME` from stdin, and end when stdin ends (for tests)",
    )
    arguments = parser.parse_args()
    folder = data_folder()
    try:
        locks.acquire(folder / "locks" / "run", wait=False)
    except BlockingIOError:
        sys.exit(f"The portal runs already; {folder / 'run.json'} says where.")
    print("Requests Portal: setting up", flush=True)
    cluster = None
    try:
        if not os.environ.get("DATABASE_URL") and not os.environ.get("DATABASE_URL_FILE"):
            cluster = _start_database(folder)
        site = _choose_addresses(folder, arguments.port, own_database=cluster is not None)
        _take_steps(site)
        _serve(site, controlled=arguments.controlled)
    except KeyboardInterrupt:
        print("\nEnded.")
    finally:
        if cluster is not None:
            cluster.leave()


def _start_database(folder: Path) -> postgres.PostgresServer:
    """Start the bundled PostgreSQL and hold it, so that we can wait for its end."""
    cluster = postgres.PostgresServer(folder / "postgres")
    try:
        with setup_steps.announced("PostgreSQL"):
            cluster.ensure_running()
            cluster.ensure_database(DATABASE)
    except (ServerError, OSError) as error:
        sys.exit(f"\n{error}")
    prepare_environment(["run", "help"])
    return cluster


def _choose_addresses(folder: Path, first_port: int, *, own_database: bool) -> Site:
    """Set in the environment where the site, the broker and the mail server are."""
    servers = []
    listeners = {"web": listen(first_port)}
    port = listeners["web"].getsockname()[1]
    if port != first_port:
        print(f"Port {first_port} is taken by another program; the site gets {port}.", flush=True)
    os.environ.setdefault("PUBLIC_BASE_URL", f"http://127.0.0.1:{port}")
    if not os.environ.get("REDIS_URL") and not os.environ.get("REDIS_URL_FILE"):
        broker_folder = folder / "valkey"
        address = Address.in_folder(broker_folder)
        os.environ["REDIS_URL"] = address.url
        servers.append(processes.broker(broker_folder, address))
    if not os.environ.get("EMAIL_HOST"):
        listeners["mail"] = listen(port + _MAIL_PORT_AFTER)
        mail_port = listeners["mail"].getsockname()[1]
        os.environ.update(EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(mail_port))
        servers.append(processes.mail_catcher(folder / "mail"))
    return Site(port, folder, own_database, tuple(servers), listeners, secrets.token_hex(16))


def _take_steps(site: Site) -> None:
    if site.own_database:
        setup_steps.tables(site.folder / "postgres").take()
    else:
        setup_steps.run_step("Database tables", setup_steps.migrate)
    setup_steps.MESSAGES.take()
    setup_steps.STATIC_FILES.take()
    # Invented people belong in the bundled database only.
    if site.own_database and any(PROJECT.glob("*/**/commands/load_sample_cases.py")):
        setup_steps.load_samples(os.environ["DATABASE_OWNER_URL"])


def _serve(site: Site, *, controlled: bool) -> None:
    environment = dict(
        os.environ, PYTHONUNBUFFERED="1", DATA_DIR=str(site.folder), WEB_INSTANCE=site.instance
    )
    # What runs for long may not alter tables, here as in production.
    environment.pop("DATABASE_OWNER_URL", None)
    if os.geteuid() == 0:
        # On a machine of one's own, to be root is one's own choice.
        environment["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser"
    supervisor = Supervisor(
        [*site.servers, *processes.PORTAL],
        environment,
        site.folder / "run-pids.json",
        listeners=site.listeners,
        controlled=controlled,
    )
    print("Requests Portal: starting", flush=True)

    def greet_when_ready() -> bool:
        if not _answers(site):
            return False
        site.describe()
        print(_greeting(site), flush=True)
        return True

    try:
        supervisor.run(when_ready=greet_when_ready)
    finally:
        site.details_file.unlink(missing_ok=True)


def _answers(site: Site) -> bool:
    """Say whether our own web server answers, which knows the word that we gave to it."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=1)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().headers["X-Instance"] == site.instance
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _greeting(site: Site) -> str:
    url = os.environ["PUBLIC_BASE_URL"]
    lines = [
        "",
        f"  The public's form   {url}/",
        f"  Staff               {url}/staff/",
        f"  Regulators          {url}/en/regulators/",
    ]
    here = f"http://127.0.0.1:{site.port}"
    if url.rstrip("/") != here:
        lines.append(f"  Listens on          {here}")
    if any(server.name == "mail" for server in site.servers):
        lines.append(f"  Mails land in       {site.mail_folder}")
    logins = site.folder / "sample-logins.txt"
    if site.own_database and logins.exists():
        text = logins.read_text(encoding="utf-8")
        lines += [
            "",
            "  Sample log-ins, as they were made",
            *(f"  {line}" for line in text.splitlines()),
        ]
    return "\n".join([*lines, "", "  Ctrl-C ends everything; the data stay.", ""])


if __name__ == "__main__":
    main()
