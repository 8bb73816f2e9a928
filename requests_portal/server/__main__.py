"""Serves the portal: `python -m requests_portal.server`; docs/operate.md lists the variables.

SIGHUP brings new code in without a gap, SIGTERM ends when what was begun is answered.
"""

import contextlib
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
from collections.abc import Iterator

from granian.http import HTTP1Settings
from granian.server.common import HTTPModes, Loops

from requests_portal.environment import env_int, env_str
from requests_portal.logs import logging_config
from requests_portal.metrics.web import WORKERS_FOLDER
from requests_portal.server.workers import Server

# What is being answered when a worker is told to end has so long; what stops us waits longer.
GRACE_SECONDS = 20
BACKLOG = 1024
# At once, in each process; a connection that sends, reads or does nothing takes some 10 KiB.
CONNECTIONS = 4096
_FILES = 3 * CONNECTIONS
_HEADER_MILLISECONDS = 15_000
_HEADER_BYTES = 64 * 1024


def listener() -> socket.socket:
    """Return the socket that was handed to us (`LISTEN_FD`), or a new one on `WEB_BIND`."""
    if "LISTEN_FD" in os.environ:
        return socket.socket(fileno=env_int("LISTEN_FD", 0))
    host, _, port = env_str("WEB_BIND", "127.0.0.1:8000").rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=BACKLOG)
    except (OSError, ValueError) as error:
        sys.exit(f"WEB_BIND: cannot listen on {host}:{port}: {error}")


@contextlib.contextmanager
def counting_together() -> Iterator[None]:
    """Have what is started within count into one folder, in memory, where /metrics is asked for.

    A worker that ends leaves its counts there: a counter never goes back while the server runs.
    """
    if not env_str("METRICS_TOKEN"):
        yield
        return
    memory = "/dev/shm"  # noqa: S108 - a new folder in it, that only we can enter
    with tempfile.TemporaryDirectory(
        prefix="portal-metrics-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        os.environ[WORKERS_FOLDER] = folder
        yield


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    # A new worker begins with an empty interpreter, and so with the code that is there then.
    multiprocessing.set_start_method("spawn")
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, hard), hard))
    logging = logging_config()
    server = Server(
        listener(),
        "requests_portal.asgi:application",
        workers=env_int("WEB_CONCURRENCY", 2, minimum=1),
        http=HTTPModes.http1,
        websockets=False,
        loop=Loops.asyncio,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_MILLISECONDS, max_buffer_size=_HEADER_BYTES
        ),
        workers_kill_timeout=GRACE_SECONDS,
        respawn_failed_workers=True,
        log_dictconfig={**logging, "loggers": {**logging["loggers"], "_granian": {}}},
        # An access log would join internet addresses to case numbers.
        log_access=False,
    )
    with counting_together():
        server.serve()


if __name__ == "__main__":
    main()
