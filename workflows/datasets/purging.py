"""Old snapshots: replaced by a verified one, kept as long as their dataset says, then to be purged.

They hold what was taken out. The provider deletes the data; the register knows when that is due.
"""

from datetime import datetime, timedelta

from django.db.models import DurationField, ExpressionWrapper, F, QuerySet, Value
from django.utils import timezone

from workflows.datasets.models import Snapshot

_DAY = Value(timedelta(days=1), output_field=DurationField())
_KEPT_FOR = ExpressionWrapper(_DAY * F("dataset__keep_replaced_days"), output_field=DurationField())


def mark_superseded(snapshot: Snapshot) -> None:
    """Note that a snapshot, and each that it was made from, has a verified replacement; once."""
    old = [snapshot.pk, *(older.pk for older in snapshot.ancestors())]
    Snapshot.objects.filter(pk__in=old, replaced_at=None).update(replaced_at=timezone.now())


def superseded() -> QuerySet[Snapshot]:
    """Return the snapshots that were replaced and whose data are still there, longest first."""
    found = Snapshot.objects.filter(replaced_at__isnull=False)
    return found.exclude(state=Snapshot.State.PURGED).order_by("replaced_at")


def to_be_purged(now: datetime | None = None) -> QuerySet[Snapshot]:
    """Return those that were kept as long as their dataset says."""
    return superseded().filter(replaced_at__lte=(now or timezone.now()) - _KEPT_FOR)


def purge_due_at(snapshot: Snapshot) -> datetime | None:
    """Return from when the data of a snapshot are to be purged; None if they are not."""
    if snapshot.replaced_at is None or snapshot.state == Snapshot.State.PURGED:
        return None
    return snapshot.replaced_at + timedelta(days=snapshot.dataset.keep_replaced_days)
