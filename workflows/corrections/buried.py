"""Tombstones: keyed hashes of the texts that a manifest changed, and what was done to each."""

from collections.abc import Iterable

from workflows.cases.models import Case
from workflows.corrections.manifests.entries import Entry
from workflows.corrections.models import Tombstone
from workflows.vault.blind_index import keyed_hash

_PURPOSE = "tombstone"


def digest_of(sha256: str) -> bytes:
    """Return the keyed hash that stands for a text, from its SHA-256 in hexadecimal."""
    return keyed_hash(_PURPOSE, bytes.fromhex(sha256))


def bury(case: Case, entries: Iterable[Entry]) -> None:
    """Keep what stood in the records that were changed for a case, as keyed hashes."""
    own = {
        entry.sha256_before: str(entry.op)
        for entry in entries
        if entry.case_pseudonym == str(case.pseudonym)
    }
    Tombstone.objects.bulk_create(
        (Tombstone(case=case, digest=digest_of(sha256), op=op) for sha256, op in own.items()),
        ignore_conflicts=True,
    )
