"""What follows a registration: data are read."""

from workflows.corpus.values import ReadProblem
from workflows.datasets.models import Snapshot
from workflows.datasets.register import READ, UNREAD, mark_unreadable
from workflows.outbox.long_work import long_work


def _abandon_reading(snapshot_id: str) -> None:
    mark_unreadable(Snapshot.objects.get(pk=snapshot_id), ReadProblem.GAVE_UP)


@long_work(READ, "workflows.datasets.inventory.read_snapshot", give_up=_abandon_reading)
def is_unread(snapshot_id: str) -> bool:
    """Return whether a snapshot has not been read to its end yet."""
    return Snapshot.objects.filter(pk=snapshot_id, state__in=UNREAD).exists()
