"""What follows a registration: a worker reads the snapshot, or builds its index."""

from workflows.datasets.indexes import BUILD, UNBUILT, fail_index
from workflows.datasets.inventory import READ, UNREAD, mark_unreadable
from workflows.datasets.lookup.shards import Problem
from workflows.datasets.models import SearchIndex, Snapshot
from workflows.outbox.long_work import send_and_look_again
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler


@effect_handler(READ)
def read_snapshot(effect: Effect) -> None:
    """Send the task that reads a snapshot, until it has been read."""
    snapshot = Snapshot.objects.filter(pk=effect.payload["id"], state__in=UNREAD).first()
    if snapshot and not send_and_look_again(effect, "workflows.tasks.read_snapshot"):
        mark_unreadable(snapshot, Problem.GAVE_UP)


@effect_handler(BUILD)
def build_index(effect: Effect) -> None:
    """Send the task that builds an index, until it is built."""
    index = SearchIndex.objects.filter(pk=effect.payload["id"], state__in=UNBUILT).first()
    if index and not send_and_look_again(effect, "workflows.tasks.build_index"):
        fail_index(index, Problem.GAVE_UP)
