"""Time as the outbox sees it: the clock of the database, which no test can turn."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Model

from workflows.outbox.models import Effect

OF_EFFECTS = ("due_at", "claimed_until", "created_at", "sent_at")


def let_pass(
    span: timedelta, model: type[Model] = Effect, fields: Iterable[str] = OF_EFFECTS
) -> None:
    """Move all times of rows back, which is to them as if so much time had passed."""
    model.objects.update(**{field: F(field) - span for field in fields})


def database_now() -> datetime:
    """Return the time by that clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
