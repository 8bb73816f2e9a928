"""How the portal stands, as its database and its log tell it when they are asked.

These numbers are the same whichever process answers, and say what workers and other processes
without an address do.
"""

import platform
from collections.abc import Iterator, Mapping
from datetime import timedelta

import django
from django.db import Error
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from requests_portal import __version__, monitoring
from workflows.cases import selectors as cases
from workflows.ledger import selectors as ledger
from workflows.outbox import services as outbox

Values = Mapping[tuple[str, ...], float]


class PortalCollector(Collector):
    """Asks the database with each scrape: a dozen queries that count what is open or waits."""

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; without a database only that it is away."""
        yield _gauge(
            "build_info",
            "Always 1; what runs stands in the labels.",
            {(__version__, django.get_version(), platform.python_version()): 1},
            "version",
            "django",
            "python",
        )
        try:
            found = [*_outbox(), *_log(), *_cases(), *_health()]
        except Error:
            found = []
        yield _gauge("database_up", "Whether the database answered.", {(): bool(found)})
        yield from found


def _outbox() -> Iterator[Metric]:
    kinds = outbox.counts_by_kind()
    yield _gauge(
        "outbox_effects_waiting",
        "Effects that are not done, also those that are tried again later.",
        {(one.queue, one.kind): one.waiting for one in kinds},
        "queue",
        "kind",
    )
    yield _gauge(
        "outbox_effects_due",
        "Effects that could run now.",
        {(one.queue, one.kind): one.due for one in kinds},
        "queue",
        "kind",
    )
    yield _gauge(
        "outbox_dead_letters",
        "Effects that were given up; somebody has to look.",
        {(one.queue, one.kind): one.dead for one in kinds},
        "queue",
        "kind",
    )
    yield _gauge(
        "outbox_oldest_due_seconds",
        "How long the oldest effect that could run has waited; 0 when there is none.",
        {(name,): one.age.total_seconds() for name, one in outbox.backlogs().items()},
        "queue",
    )
    yield _gauge(
        "canary_age_seconds",
        "Time since a message last came out of a queue; +Inf when none ever did.",
        {(name,): _seconds(one.lag) for name, one in outbox.canary_states().items()},
        "queue",
    )


def _log() -> Iterator[Metric]:
    checkpoint, backlog = ledger.latest_checkpoint(), ledger.backlog()
    waited = timezone.now() - backlog.oldest if backlog.oldest else timedelta()
    size = checkpoint.size if checkpoint else 0
    yield _gauge("log_events", "Events that the newest checkpoint covers.", {(): size})
    yield _gauge("log_events_waiting", "Events without a place in the log.", {(): backlog.count})
    yield _gauge(
        "log_oldest_waiting_seconds",
        "How long the oldest of these has waited; 0 when there is none.",
        {(): waited.total_seconds()},
    )


def _cases() -> Iterator[Metric]:
    found = cases.open_by_regime().items()
    yield _gauge(
        "cases_open",
        "Cases that wait for an answer, by the law that leads them.",
        {(regime,): one.open for regime, one in found},
        "regime",
    )
    yield _gauge(
        "cases_late",
        "Open cases whose time is over.",
        {(regime,): one.late for regime, one in found},
        "regime",
    )


def _health() -> Iterator[Metric]:
    checks = monitoring.background()
    unwell = monitoring.unwell(checks)
    yield _gauge(
        "unwell",
        "1 for what `manage.py health` would complain about.",
        {(name,): name in unwell for name in checks},
        "check",
    )


def _gauge(name: str, help_text: str, values: Values, *labels: str) -> Metric:
    gauge = GaugeMetricFamily(f"portal_{name}", help_text, labels=labels)
    for of, value in values.items():
        gauge.add_metric(of, float(value))
    return gauge


def _seconds(span: timedelta | None) -> float:
    return float("inf") if span is None else span.total_seconds()
