"""Tombstones: keyed hashes of the texts that a manifest changed, and what was done to each."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from workflows.cases.models import Case
from workflows.corpus.entries import Entry
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import Manifest, Tombstone
from workflows.vault.blind_index import current_key, index_keys
from workflows.vault.crypto import Shredded
from workflows.vault.rotation import Step

_PURPOSE = "tombstone"
_AT_ONCE = 1000


def digests_of(sha256: str) -> list[bytes]:
    """Return the keyed hashes that may stand for a text, from its SHA-256 in hexadecimal.

    Under the current index key first, then under former ones.
    """
    return [key.keyed_hash(_PURPOSE, bytes.fromhex(sha256)) for key in index_keys()]


def record_tombstones(case: Case, entries: Iterable[Entry]) -> None:
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
    of_cases: dict[str, list[Entry]] = defaultdict(list)
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


RENEW_TOMBSTONES = Step("tombstones", _verified, _bury_anew, batch=1)


def tombstones_under_former_keys() -> int:
    """Return how many tombstones only a former index key recognises."""
    return Tombstone.objects.exclude(key_name=current_key().name).count()
