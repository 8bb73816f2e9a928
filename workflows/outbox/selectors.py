"""How the outbox stands: for the health page, the metrics and the staff."""

from datetime import datetime, timedelta

from django.db.models import Min, QuerySet
from django.utils import timezone

from workflows.outbox.models import Effect


def overdue(now: datetime | None = None) -> QuerySet[Effect]:
    """Return the effects that could run at `now` (default: the present) and have not."""
    return Effect.objects.filter(
        state=Effect.State.PENDING, due_at__lte=now or timezone.now()
    ).order_by("due_at")


def backlog_size(now: datetime | None = None) -> int:
    """Return how many effects wait to be run."""
    return overdue(now).count()


def backlog_age(now: datetime | None = None) -> timedelta:
    """Return how long the oldest waiting effect has been due; zero when none waits."""
    now = now or timezone.now()
    oldest: datetime | None = overdue(now).aggregate(oldest=Min("due_at"))["oldest"]
    return now - oldest if oldest else timedelta()


def dead_letters() -> QuerySet[Effect]:
    """Return the effects that were given up, oldest first."""
    return Effect.objects.filter(state=Effect.State.DEAD).order_by("created_at")
