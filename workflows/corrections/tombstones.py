"""The guard against re-ingestion: what was taken out is recognised when it comes back.

Each record that a manifest changed leaves a keyed hash of its text. A newly registered snapshot is
read once, and each of its texts is hashed. The nightly look-up finds the identifiers of open cases.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.corpus.edits.resolve import records
from workflows.corpus.entries import digest
from workflows.corpus.formats.files import snapshot_files
from workflows.corpus.formats.registry import read_batches
from workflows.corrections.buried import digests_of
from workflows.corrections.families import as_table, format_of_data
from workflows.corrections.models import GuardedSnapshot, Manifest, Tombstone
from workflows.corrections.returns import ReappearedPlace, record_reingestion
from workflows.datasets.models import Snapshot
from workflows.datasets.sources import path_of
from workflows.lookups.models import LookupRun
from workflows.outbox.long_work import advisory_lock, enqueue_task, lock_or_retry
from workflows.outbox.services import enqueue

GUARD = "corrections.guard_snapshot"
GUARD_AGAIN = "corrections.guard_again"
_AT_ONCE = 5000

# The places in the order of the snapshot, each once however many of its texts came back.
Returned = dict[UUID, dict[ReappearedPlace, None]]


def find_reingested(snapshot_id: int | str) -> int:
    """Look in a snapshot for what was taken out of others; return how many cases came back.

    A return is an event of its case and stands in a list for the data stewards.
    """
    with advisory_lock(GUARD, str(snapshot_id)) as free:
        snapshot = Snapshot.objects.filter(pk=snapshot_id, state=Snapshot.State.READABLE).first()
        if not free or snapshot is None:
            return 0
        found = _buried_in(snapshot) if Tombstone.objects.exists() else {}
        for case_id, places in found.items():
            record_reingestion(case_id, snapshot, list(places))
        GuardedSnapshot.objects.get_or_create(snapshot=snapshot)
        return len(found)


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

    Raises `Later` while it is being looked through: that may have begun before what is looked for
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


def _buried_in(snapshot: Snapshot) -> Returned:
    found: Returned = defaultdict(dict)
    batch: list[tuple[bytes, ReappearedPlace]] = []
    texts = _of_files if snapshot.traits.has_files else _of_table
    for text, place in texts(snapshot):
        batch += [(hashed, place) for hashed in digests_of(digest(text))]
        if len(batch) >= _AT_ONCE:
            _add(found, batch)
            batch = []
    _add(found, batch)
    return found


def _of_files(snapshot: Snapshot) -> Iterator[tuple[str, ReappearedPlace]]:
    for file, path in snapshot_files(path_of(snapshot)).items():
        known = format_of_data(snapshot, path)
        for row, record in records(path, known, file) if known else ():
            for field in snapshot.schema.text_fields:
                text = record.get(field)
                if isinstance(text, str) and text:
                    yield text, (file, row)


def _of_table(snapshot: Snapshot) -> Iterator[tuple[str, ReappearedPlace]]:
    for shard in as_table(snapshot).shards():
        for batch in read_batches(shard, snapshot.schema, lambda _lines: ()):
            for index in range(batch.figures.rows):
                place = shard.file, str(batch.record_id(index))
                for column in batch.columns:
                    if text := column.text(index):
                        yield text, place


def _add(found: Returned, texts: list[tuple[bytes, ReappearedPlace]]) -> None:
    """Add the places of those texts that were taken out, for each case that asked for it."""
    places: dict[bytes, list[ReappearedPlace]] = defaultdict(list)
    for hashed, place in texts:
        places[hashed].append(place)
    buried = Tombstone.objects.filter(digest__in=list(places)).values_list("case_id", "digest")
    for case_id, stored in buried:
        found[case_id] |= dict.fromkeys(places[bytes(stored)])
