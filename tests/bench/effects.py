"""What follows the commit of filings: mails over SMTP, notices as PDF, entries of the log.

    python tests/bench/effects.py [/tmp/before] [--filings N] [--rounds N]

Requests are filed while no relay runs. Then the relay, the worker and the mail worker carry out all
that is due, started as `make run` starts them, with a broker and a mail server on this machine. The
time begins with the first effect that a worker takes up. With another working tree both are measured
in turn, see `_two_trees`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from _two_trees import PROJECT, answers, free_port, main, processor_seconds, running, wait_until

WARM_UP = 20
MAIL_CATCHER = "requests_portal.local.mail_catcher"


@contextmanager
def mail_server() -> Iterator[int]:
    """Run the catcher of mails of this tree, the same one for both; yield its port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", MAIL_CATCHER, "--folder", folder, "--port", str(port))
        with running(*command, tree=PROJECT):
            wait_until(lambda: answers(port))
            yield port


def carry_out(filings: int) -> dict[str, float]:
    """File, have what follows carried out, and return what that took."""
    with tempfile.TemporaryDirectory() as folder, mail_server() as port:
        from requests_portal.local.valkey import Broker

        broker = Broker(Path(folder) / "broker")
        broker.start()
        os.environ.update(
            EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(port), REDIS_URL=broker.url, DATA_DIR=folder
        )
        try:
            return _measured(filings)
        finally:
            broker.stop()


def _measured(filings: int) -> dict[str, float]:
    import django

    django.setup()
    from django.db import connection

    from requests_portal.local.processes import PORTAL
    from tests import factories as make
    from workflows.outbox import correlation
    from workflows.outbox.models import Effect

    commands = {process.name: process.argv for process in PORTAL}
    tree = Path.cwd()
    begun = Effect.objects.exclude(state=Effect.State.PENDING, attempts=0)

    def file(count: int) -> None:
        for number in range(count):
            with correlation.correlated(correlation.new_id()):
                make.file(replace(make.WANG, email=f"wang@{number}-{time.time_ns()}.example"))

    def all_done() -> bool:
        return not Effect.objects.filter(state=Effect.State.PENDING).exists()

    with (
        running(*commands["worker"], tree=tree) as worker,
        running(*commands["mail-worker"], tree=tree) as mail_worker,
    ):
        file(WARM_UP)
        with running(*commands["relay"], tree=tree):
            wait_until(all_done)
        database, files = _kept()
        file(filings)
        done_before = begun.count()
        with running(*commands["relay"], tree=tree) as relay:
            wait_until(lambda: begun.count() > done_before)
            start = time.perf_counter()
            pids = {
                "worker": worker.pid,
                "mail worker": mail_worker.pid,
                "relay": relay.pid,
                "PostgreSQL": _postmaster(),
            }
            busy = {name: processor_seconds(pid) for name, pid in pids.items()}
            wait_until(all_done)
            wall = time.perf_counter() - start
            used = {name: processor_seconds(pid) - busy[name] for name, pid in pids.items()}
        effects = Effect.objects.filter(state=Effect.State.DONE).count() - done_before
        if Effect.objects.exclude(state=Effect.State.DONE).exists():
            raise RuntimeError("Not all effects are done.")
        database_now, files_now = _kept()
        connection.close()
    return {
        "filings with all their effects per second": filings / wall,
        "effects per second": effects / wall,
        "milliseconds of CPU per filing, all": sum(used.values()) * 1000 / filings,
        **{f"milliseconds of CPU per filing, {n}": s * 1000 / filings for n, s in used.items()},
        "kilobytes kept per filing, database": (database_now - database) / filings / 1000,
        "kilobytes kept per filing, disk": (files_now - files) / filings / 1000,
    }


def _postmaster() -> int:
    """Return the process of the database server, of which our own connection is a child."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def _kept() -> tuple[int, int]:
    """Return the bytes of the database, and of the files on the disk as it counts them."""
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        [database] = cursor.fetchone()
    files = (each for each in Path(settings.MEDIA_ROOT).rglob("*") if each.is_file())
    return int(database), sum(each.stat().st_blocks * 512 for each in files)


if __name__ == "__main__":
    main(__file__, __doc__, carry_out, filings=200)
