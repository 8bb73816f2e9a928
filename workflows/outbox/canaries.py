"""Canaries: small messages by which is seen that what is put into a queue comes out of it.

The relay sends one through each queue, beat sends one of its own; the worker that receives it says
so in a row. A worker that is alive and receives nothing is seen by the age of that row.
"""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Now

from workflows.outbox import queues
from workflows.outbox.models import Canary

TASK = "workflows.outbox.tasks.canary"
BEAT = "beat"
EVERY = timedelta(seconds=10)
# A canary that did not come out for so long is lost, or waits behind much; another one is sent.
GIVEN_UP_AFTER = timedelta(seconds=30)


def send_due(send: Callable[[str], None]) -> None:
    """Call `send` with the name of each queue through which a canary is due; one relay does it.

    Raises what `send` raises.
    """
    Canary.objects.bulk_create([Canary(name=name) for name in queues.ALL], ignore_conflicts=True)
    arrived = Q(sent_at__lte=Now() - EVERY, seen_at__gte=F("sent_at"))
    due = Q(sent_at=None) | arrived | Q(sent_at__lte=Now() - GIVEN_UP_AFTER)
    for name in queues.ALL:
        if Canary.objects.filter(due, name=name).update(sent_at=Now()):
            send(name)


def note_seen(name: str) -> None:
    """Note that a canary came out of a queue, or that beat sent one."""
    _note(name, "seen_at")


def note_busy(name: str) -> None:
    """Note that a worker of a queue is at work, and that its canary has to wait behind that."""
    _note(name, "busy_at")


def _note(name: str, field: str) -> None:
    if not Canary.objects.filter(name=name).update(**{field: Now()}):
        Canary.objects.bulk_create([Canary(name=name)], ignore_conflicts=True)
        Canary.objects.filter(name=name).update(**{field: Now()})
