"""What was taken out is remembered by digests, to be recognised when it comes back.

Each record that a manifest changed leaves a keyed hash of its text. A newly registered snapshot is
read once, and each of its texts is hashed. The nightly look-up finds the identifiers of open cases.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.corpus.entries import ManifestEntry
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import GuardedSnapshot, Manifest, Tombstone
from workflows.datasets.models import Snapshot
from workflows.lookups.models import LookupRun
from workflows.outbox.long_work import enqueue_task, lock_or_retry
from workflows.outbox.services import enqueue
from workflows.vault.blind_index import current_key, index_keys
from workflows.vault.crypto import Shredded
from workflows.vault.rotation import RotationStep

GUARD = "corrections.guard_snapshot"
GUARD_AGAIN = "corrections.guard_again"


_PURPOSE = "tombstone"
_AT_ONCE = 1000


def enqueue_reingestion_scans(manifest: Manifest) -> None:
    """Have guarded again what was registered before the tombstones of a manifest stood.

    Call inside the transaction that writes them. Which snapshots that are is seen after it, so that
    none is read meanwhile and missed.
    """
    enqueue(GUARD_AGAIN, key=f"{GUARD_AGAIN}:{manifest.pk}", payload={"id": str(manifest.pk)})


def request_reingestion_scans(manifest: Manifest) -> None:
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


def reset_reingestion_scan(snapshot_id: int) -> None:
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


def digests_of(sha256: str) -> list[bytes]:
    """Return the keyed hashes that may stand for a text, from its SHA-256 in hexadecimal.

    Under the current index key first, then under former ones.
    """
    return [key.keyed_hash(_PURPOSE, bytes.fromhex(sha256)) for key in index_keys()]


def record_tombstones(case: Case, entries: Iterable[ManifestEntry]) -> None:
    """Keep what stood in the records that were changed for a case, as keyed hashes."""
    own = {
        entry.sha256_before: str(entry.op)
        for entry in entries
        if entry.case_pseudonym == str(case.pseudonym)
    }
    key = current_key()
    Tombstone.objects.bulk_create(
        (
            Tombstone(
                case=case,
                digest=key.keyed_hash(_PURPOSE, bytes.fromhex(sha256)),
                key_name=key.name,
                op=op,
            )
            for sha256, op in own.items()
        ),
        ignore_conflicts=True,
    )


def _verified() -> QuerySet[Manifest]:
    whole = Manifest.objects.filter(data_key__wrapped__isnull=False)
    return whole.filter(state=Manifest.State.VERIFIED).select_related("data_key")


def _bury_anew(manifest: Manifest) -> int:
    """Hash with the current key what a manifest changed; return how many tombstones that were."""
    try:
        entries = entries_of(manifest)
    except Shredded:
        return 0
    of_cases: dict[str, list[ManifestEntry]] = defaultdict(list)
    for entry in entries:
        of_cases[entry.case_pseudonym].append(entry)
    renewed = 0
    for case in Case.objects.filter(pseudonym__in=list(of_cases), erased_at=None):
        own = of_cases[str(case.pseudonym)]
        for start in range(0, len(own), _AT_ONCE):
            part = own[start : start + _AT_ONCE]
            renewed += _take_over(case, {entry.sha256_before for entry in part})
            # And what no key recognises any more.
            record_tombstones(case, part)
    return renewed


def _take_over(case: Case, texts: set[str]) -> int:
    key, new_by_old = current_key(), {}
    for sha256 in texts:
        new, *former = digests_of(sha256)
        new_by_old.update(dict.fromkeys(former, new))
    if not new_by_old:
        return 0
    own = Tombstone.objects.filter(case=case)
    there = {
        bytes(digest)
        for digest in own.filter(digest__in=list(new_by_old.values())).values_list(
            "digest", flat=True
        )
    }
    renewed, twice = [], []
    for tombstone in own.filter(digest__in=list(new_by_old)):
        new = new_by_old[bytes(tombstone.digest)]
        if new in there:
            twice.append(tombstone.pk)
            continue
        there.add(new)
        tombstone.digest, tombstone.key_name = new, key.name
        renewed.append(tombstone)
    own.filter(pk__in=twice).delete()
    Tombstone.objects.bulk_update(renewed, ["digest", "key_name"])
    return len(renewed)


RENEW_TOMBSTONES = RotationStep("tombstones", _verified, _bury_anew, batch=1)


def tombstones_under_former_keys() -> int:
    """Return how many tombstones only a former index key recognises."""
    return Tombstone.objects.exclude(key_name=current_key().name).count()
