"""How the outbox stands: for the health page, the metrics and the staff."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Now

from workflows.outbox import queues
from workflows.outbox.models import Effect


@dataclass(frozen=True)
class Backlog:
    """The effects of a queue that could run: how many, and how long the oldest has waited."""

    size: int
    age: timedelta


def backlogs() -> dict[str, Backlog]:
    """Return the backlog of each queue of effects, by the clock of the database."""
    found = {queue: Backlog(0, timedelta()) for queue in queues.OF_EFFECTS}
    overdue = Effect.objects.filter(state=Effect.State.PENDING, due_at__lte=Now())
    counted = overdue.values("queue").annotate(size=Count("pk"), age=Now() - Min("due_at"))
    for row in counted:
        found[row["queue"]] = Backlog(row["size"], row["age"])
    return found


def dead_letters() -> QuerySet[Effect]:
    """Return the effects that were given up, oldest first."""
    return Effect.objects.filter(state=Effect.State.DEAD).order_by("created_at")
