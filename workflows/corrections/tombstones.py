"""The guard against re-ingestion: what was taken out is recognised when it comes back.

Each record that a manifest changed leaves a keyed hash of its text. A newly registered snapshot is
read once, and each of its texts is hashed. The nightly look-up finds the identifiers of open cases.
"""

import logging
from collections import Counter
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from workflows.cases.actors import Actor
from workflows.cases.lifecycle import Role
from workflows.cases.models import Case
from workflows.cases.record import record_event
from workflows.corrections.families import FORMATS
from workflows.corrections.manifests.entries import digest
from workflows.corrections.manifests.files import snapshot_files
from workflows.corrections.manifests.resolve import records
from workflows.corrections.models import Guarded, Return, Tombstone
from workflows.datasets.lookup.shards import format_of
from workflows.datasets.models import Snapshot
from workflows.datasets.sources import path_of
from workflows.outbox.long_work import held
from workflows.vault.blind_index import keyed_hash

GUARD = "corrections.guard_snapshot"
_PURPOSE = "tombstone"
_AT_ONCE = 5000

logger = logging.getLogger(__name__)


def digest_of(sha256: str) -> bytes:
    """Return the keyed hash that stands for a text, from its SHA-256 in hexadecimal."""
    return keyed_hash(_PURPOSE, bytes.fromhex(sha256))


def guard(snapshot_id: int | str) -> int:
    """Look in a snapshot for what was taken out of others; return how many cases came back.

    A return is an event of its case and stands in a list for the data stewards.
    """
    with held(GUARD, str(snapshot_id)) as free:
        snapshot = Snapshot.objects.filter(pk=snapshot_id, state=Snapshot.State.READABLE).first()
        if not free or snapshot is None or snapshot.format not in FORMATS:
            return 0
        found: Counter[UUID] = Counter()
        if Tombstone.objects.exists():
            batch: list[bytes] = []
            for path in snapshot_files(path_of(snapshot)).values():
                known = format_of(path)
                for _row, record in records(path, known) if known else ():
                    texts = (record.get(field) for field in snapshot.text_fields)
                    batch += [digest_of(digest(t)) for t in texts if isinstance(t, str) and t]
                    if len(batch) >= _AT_ONCE:
                        found += _buried(batch)
                        batch = []
            found += _buried(batch)
        for case_id, number in found.items():
            _report(case_id, snapshot, number)
        Guarded.objects.get_or_create(snapshot=snapshot)
        return len(found)


def _buried(digests: list[bytes]) -> "Counter[UUID]":
    return Counter(Tombstone.objects.filter(digest__in=digests).values_list("case_id", flat=True))


def _report(case_id: UUID, snapshot: Snapshot, number: int) -> None:
    with transaction.atomic():
        case = Case.objects.select_related("data_key").get(pk=case_id)
        _return, new = Return.objects.get_or_create(
            case=case, snapshot=snapshot, defaults={"records": number}
        )
        if new:
            record_event(
                case,
                "tombstone.returned",
                role=Role.SYSTEM,
                facts={"snapshot": snapshot.pk, "records": number},
            )
            logger.error("Snapshot %s holds what was taken out of others", snapshot.pk)


def resolve_return(returned: Return, actor: Actor) -> None:
    """Say that what came back was taken out again, or may be there after all; once."""
    with transaction.atomic():
        open_ones = Return.objects.filter(pk=returned.pk, resolved_at=None)
        if open_ones.update(resolved_at=timezone.now()):
            record_event(
                returned.case,
                "tombstone.resolved",
                role=actor.role,
                pseudonym=actor.pseudonym,
                facts={"snapshot": returned.snapshot_id},
            )
