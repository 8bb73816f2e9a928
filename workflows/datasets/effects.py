"""What follows a registration, or the beginning of a review: data are read, people looked up."""

from workflows.corpus.values import ReadProblem
from workflows.datasets.models import Snapshot
from workflows.datasets.register import READ, UNREAD, mark_unreadable
from workflows.outbox.long_work import send_and_recheck
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler


@effect_handler(READ)
def read_snapshot(effect: Effect) -> None:
    """Send the task that reads a snapshot, until it has been read."""
    snapshot = Snapshot.objects.filter(pk=effect.payload["id"], state__in=UNREAD).first()
    if snapshot and not send_and_recheck(effect, "workflows.tasks.read_snapshot"):
        mark_unreadable(snapshot, ReadProblem.GAVE_UP)
