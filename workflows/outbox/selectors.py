"""How the outbox stands: for the health page, the metrics and the staff."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now

from workflows.outbox import canaries, queues
from workflows.outbox.models import Canary, Effect


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


@dataclass(frozen=True)
class KindCount:
    """The effects of a kind in a queue: how many wait, how many of them could run, and are dead."""

    queue: str
    kind: str
    waiting: int
    due: int
    dead: int


def counts_by_kind() -> list[KindCount]:
    """Return the counts of each kind of which an effect waits or was given up."""
    pending, dead = Q(state=Effect.State.PENDING), Q(state=Effect.State.DEAD)
    # Both have an index; what is done has none to be counted by, and there is much of it.
    kinds = Effect.objects.filter(pending | dead).order_by().values("queue", "kind")
    counted = kinds.annotate(
        waiting=Count("pk", filter=pending),
        due=Count("pk", filter=pending & Q(due_at__lte=Now())),
        dead=Count("pk", filter=dead),
    )
    return [KindCount(**row) for row in counted]


@dataclass(frozen=True)
class CanaryState:
    """How long ago a canary was sent, one came out, and a worker was at work while more waited.

    None: never.
    """

    sent: timedelta | None = None
    lag: timedelta | None = None
    busy: timedelta | None = None

    def state(self, limit: timedelta) -> str:
        """Return `ok`; or `busy` or `silent` when nothing has come out for longer than `limit`."""
        if self.lag is not None and self.lag <= limit:
            return "ok"
        return "busy" if self.busy is not None and self.busy <= limit else "silent"


def canary_states() -> dict[str, CanaryState]:
    """Return the state of the canary of each queue, and of that of beat."""
    found = {name: CanaryState() for name in (*queues.ALL, canaries.BEAT)}
    ages = {"sent": Now() - F("sent_at"), "lag": Now() - F("seen_at"), "busy": Now() - F("busy_at")}
    for name, *times in Canary.objects.annotate(**ages).values_list("name", *ages):
        found[name] = CanaryState(*times)
    return found


def dead_letters() -> QuerySet[Effect]:
    """Return the effects that were given up, oldest first."""
    return Effect.objects.filter(state=Effect.State.DEAD).order_by("created_at")
