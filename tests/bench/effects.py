"""What follows the commit of filings: mails over SMTP, notices as PDF, entries of the log.

    python tests/bench/effects.py [/tmp/before] [--filings N] [--rounds N]

Requests are filed, then one process carries out everything that is due, with a mail server on this
machine. Kept is what database and files have grown by. With another working tree both are measured
in turn, see `_two_trees`.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from _two_trees import PROJECT, main

WARM_UP = 10
MAIL_CATCHER = "requests_portal.local.mail_catcher"


@contextmanager
def mail_server() -> Iterator[int]:
    """Run the project's own catcher of mails; yield its port."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        catcher = subprocess.Popen(
            [sys.executable, "-m", MAIL_CATCHER, "--folder", folder, "--port", str(port)],
            # The same one for both trees.
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield port
        finally:
            catcher.terminate()
            catcher.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("The mail server does not answer.")


def carry_out(filings: int) -> dict[str, float]:
    """File, carry out what follows, and return what that took."""
    with mail_server() as port:
        os.environ.update(EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(port))
        import django

        django.setup()
        from django.conf import settings
        from django.db import connection

        from tests import factories as make
        from workflows.outbox.models import Effect
        from workflows.outbox.services import drain

        def file(number: int) -> None:
            make.file(replace(make.WANG, email=f"wang@{number}-{time.time_ns()}.example"))

        def kept() -> int:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_database_size(current_database())")
                [size] = cursor.fetchone()
            files = (each for each in Path(settings.MEDIA_ROOT).rglob("*") if each.is_file())
            return int(size) + sum(each.stat().st_blocks * 512 for each in files)

        for number in range(WARM_UP):
            file(number)
        drain()
        before = kept()
        for number in range(filings):
            file(number)
        begin, busy = time.perf_counter(), time.process_time()
        done = drain(100 * filings)
        wall, busy = time.perf_counter() - begin, time.process_time() - busy
        failed = Effect.objects.exclude(state=Effect.State.DONE).count()
        if failed:
            raise RuntimeError(f"{failed} effects are not done.")
        return {
            "filings with all their effects per second": filings / wall,
            "milliseconds of CPU per filing": busy * 1000 / filings,
            "effects per filing": done / filings,
            "kilobytes kept per filing": (kept() - before) / filings / 1000,
        }


if __name__ == "__main__":
    main(__file__, __doc__, carry_out, filings=200)
