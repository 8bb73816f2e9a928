"""Time as the outbox sees it: the clock of the database, which no test can turn."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from workflows.outbox.models import Effect


def let_pass(span: timedelta) -> None:
    """Move all times of effects back, which is to them as if so much time had passed."""
    for field in ("due_at", "claimed_until", "created_at", "sent_at"):
        Effect.objects.update(**{field: F(field) - span})


def database_now() -> datetime:
    """Return the time by that clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
