"""What the web server and Django count while they answer. No Django in here.

A label holds one of a few names that the code knows: never an address, an id or a word that
somebody sent. `WORKERS_FOLDER` makes the processes of one web server count together.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

# The library reads it when it is first imported: each process then counts in a file there.
WORKERS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_own = CollectorRegistry()

_requests = Histogram(
    "portal_http_request_duration_seconds",
    "Time from a free thread until the answer was made, of requests that reached Django, by view.",
    ["view", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=_own,
)
_waits = Histogram(
    "portal_http_thread_wait_seconds",
    "Time that a request waited for a free thread after its body had come.",
    buckets=(0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10),
    registry=_own,
)
_refused = Counter(
    "portal_http_bodies_refused_total",
    "Requests whose body was not taken: too large (413), too slow (408), no room (503).",
    ["status"],
    registry=_own,
)


def count_request(method: str | None, view: str, status: int, seconds: float) -> None:
    """Count a request that was answered; `view` is the name of its view."""
    known = method if method in _METHODS else "other"
    _requests.labels(view, known, f"{status // 100}xx").observe(seconds)


def count_wait(seconds: float) -> None:
    """Count how long a request waited for a thread."""
    _waits.observe(seconds)


def count_refused_body(status: int) -> None:
    """Count a request whose body was not taken."""
    _refused.labels(status).inc()


def register(registry: CollectorRegistry) -> None:
    """Add what this process has counted to a registry, or what all of its server have."""
    if WORKERS_FOLDER in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(_own)
