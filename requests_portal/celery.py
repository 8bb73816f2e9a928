"""The Celery application. Tasks live in `workflows/outbox/tasks.py` and are thin."""

import logging.config
import os
from typing import Any

from celery import Celery, signals
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from django.db import close_old_connections

from workflows.outbox import correlation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "requests_portal.settings")


class PortalTask(DjangoTask):
    """A task whose acknowledgement is not given up when it fails."""

    Request = "requests_portal.acknowledgements:PortalRequest"


app = Celery("requests_portal", task_cls=PortalTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workflows.outbox"])
app.steps["consumer"].add("requests_portal.acknowledgements:Acknowledgements")

_HEADER = "caused_by"


@signals.setup_logging.connect
def log_like_the_web(**_: Any) -> None:
    """Have workers and beat log as all others do; Celery has a format of its own."""
    logging.config.dictConfig(settings.LOGGING)


@signals.before_task_publish.connect
def hand_correlation_on(headers: dict[str, Any], **_: Any) -> None:
    """Send the id of what is being worked on with a task that it sends."""
    if correlation.current_id() != correlation.NONE:
        headers[_HEADER] = correlation.current_id()


@signals.task_prerun.connect
def take_correlation_up(task: Any, task_id: str, **_: Any) -> None:
    """Work under the id that came with the task, or under the task's own."""
    correlation.set_current(task.request.get(_HEADER) or task_id)


@signals.task_prerun.connect
def part_with_old_connections(**_: Any) -> None:
    """Close connections older than `CONN_MAX_AGE`; have a younger one tried before it is used."""
    close_old_connections()


@signals.task_postrun.connect
def lay_correlation_down(**_: Any) -> None:
    """Work under no id between tasks."""
    correlation.set_current(correlation.NONE)


@signals.worker_ready.connect
def watch_worker(sender: Any, **_: Any) -> None:
    """Begin to watch a worker that has just begun to work; web and beat need nothing of it."""
    from requests_portal.watchdog import Watchdog

    Watchdog(sender, {queue.name for queue in sender.task_consumer.queues}).start()
