"""The guard against re-ingestion: what was taken out is recognised when it comes back.

Each record that a manifest changed leaves a keyed hash of its text. A newly registered snapshot is
read once, and each of its texts is hashed. The nightly look-up finds the identifiers of open cases.
"""

from datetime import datetime

from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.corrections.models import GuardedSnapshot, Manifest
from workflows.datasets.models import Snapshot
from workflows.lookups.models import LookupRun
from workflows.outbox.long_work import enqueue_task, lock_or_retry
from workflows.outbox.services import enqueue

GUARD = "corrections.guard_snapshot"
GUARD_AGAIN = "corrections.guard_again"


def ask_to_guard_again(manifest: Manifest) -> None:
    """Have guarded again what was registered before the tombstones of a manifest stood.

    Call inside the transaction that writes them. Which snapshots that are is seen after it, so that
    none is read meanwhile and missed.
    """
    enqueue(GUARD_AGAIN, key=f"{GUARD_AGAIN}:{manifest.pk}", payload={"id": str(manifest.pk)})


def guard_again(manifest: Manifest) -> None:
    """Ask for all snapshots that were read since the cases of a manifest were looked up last.

    What a look-up has searched was judged by people. Nor is looked at what the manifest has
    changed, and what that came out of: it holds the texts until it is purged.
    """
    cases = Case.objects.filter(items__instructions__manifests=manifest, state=State.EXECUTING)
    since = min((_looked_up(case) for case in cases.distinct()), default=None)
    if since is None:
        return
    own = _with_ancestors(manifest.result)
    read = Snapshot.objects.filter(state=Snapshot.State.READABLE, read_at__gte=since)
    for pk in read.exclude(pk__in=own).values_list("pk", flat=True):
        enqueue_task(GUARD, str(pk), about=f"{pk}:{manifest.pk}")


def forget_guarding(snapshot_id: int) -> None:
    """Count a snapshot as not guarded, for it is asked for anew.

    Raises `RetryAt` while it is being looked through: that may have begun before what is looked for
    was there.
    """
    lock_or_retry(GUARD, str(snapshot_id))
    GuardedSnapshot.objects.filter(snapshot=snapshot_id).delete()


def _looked_up(case: Case) -> datetime:
    """Return from when on a snapshot is in no look-up of a case that was judged."""
    run = LookupRun.objects.filter(case=case).exclude(finished_at=None).first()
    return run.started_at if run is not None and run.started_at else case.filed_at


def _with_ancestors(snapshot: Snapshot | None) -> set[int]:
    found: set[int] = set()
    while snapshot is not None and snapshot.pk not in found:
        found.add(snapshot.pk)
        snapshot = snapshot.parent
    return found
