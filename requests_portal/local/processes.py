"""The processes of the portal: one table for `make run`, the tests and docker-compose.yml."""

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from requests_portal.local.valkey import Address, server_command


@dataclass(frozen=True)
class Process:
    """One long-running program.

    `service` is its name in docker-compose.yml. `command` begins with `python` or with the path
    of a program; docker-compose runs the same words, except for the stock images of the servers.
    """

    name: str
    does: str
    service: str
    command: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def argv(self) -> list[str]:
        """The command for this machine: `python` is the interpreter that runs this."""
        program, *rest = self.command
        return [sys.executable if program == "python" else program, *rest]


_CELERY = ("python", "-m", "celery", "--quiet", "--app", "requests_portal.celery")
# Workers need not know of each other, and gossip breaks when the broker restarts.
_WORKER = (*_CELERY, "worker", "--without-gossip", "--without-mingle")

PORTAL = (
    Process(
        name="web",
        does="answers browsers and other programs",
        service="web",
        command=("python", "-m", "requests_portal.server"),
    ),
    Process(
        name="worker",
        does="routes, acknowledges, keeps the clocks and does the other background work",
        service="worker",
        command=(*_WORKER, "--concurrency=2"),
    ),
    Process(
        name="mail-worker",
        does="sends mails",
        service="mail-worker",
        command=(*_WORKER, "--concurrency=2", "--queues=mail", "--hostname=mail@%h"),
    ),
    Process(
        name="data-worker",
        does="reads, searches and changes training data, and makes exports",
        service="data-worker",
        command=(*_WORKER, "--concurrency=2", "--queues=data", "--hostname=data@%h"),
    ),
    Process(
        name="beat",
        does="wakes the sweeps of clocks, challenges, drafts and bundles",
        service="beat",
        command=(*_CELERY, "beat"),
    ),
    Process(
        name="relay",
        does="hands what was committed in the outbox to the broker",
        service="relay",
        command=("python", "manage.py", "outbox_relay"),
    ),
    Process(
        name="sequencer",
        does="gives the events of the log their place and signs checkpoints",
        service="sequencer",
        command=("python", "manage.py", "ledger_sequencer"),
    ),
)


def broker(folder: Path, address: Address) -> Process:
    """Return the broker of one machine, which keeps its queue in `folder`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Process(
        name="broker",
        does="carries messages between the relay and the workers",
        service="redis",
        command=tuple(server_command(folder, address)),
    )


def mail_catcher(folder: Path) -> Process:
    """Return the mail server of one machine, which sends nothing and stores all in `folder`.

    It takes mails on the socket that the supervisor hands to it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Process(
        name="mail",
        does="stores mails in a folder instead of sending them",
        service="mail",
        command=(
            "python",
            "-m",
            "requests_portal.local.mail_catcher",
            "--inherited",
            f"--folder={folder}",
        ),
    )
