"""Finding a case by a value that is stored only sealed: exact matches through a keyed hash.

The caller normalises a value the same way for both calls (lower-case e-mail, E.164 number).
Each column and each purpose has its own key derived from `INDEX_KEY`, so digests of one column
say nothing about another.
"""

import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from workflows.vault.crypto import Shredded
from workflows.vault.keys import key_from_base64
from workflows.vault.models import BlindIndexEntry, DataKey

DIGEST_BYTES = 16


def index(key: DataKey, column: str, value: str) -> None:
    """Make the case of `key` findable by one normalised value; doing it twice changes nothing."""
    index_many(key, [(column, value)])


def index_many(key: DataKey, entries: Iterable[tuple[str, str]]) -> None:
    """Index several `(column, normalised value)` pairs with one query.

    Raises `Shredded` for a shredded key and `ValueError` for an empty value, which would link
    strangers. The caller holds the lock on its case, so that no shredding runs at the same time.
    """
    if key.is_shredded:
        raise Shredded("A shredded case is not indexed.")
    BlindIndexEntry.objects.bulk_create(
        [
            BlindIndexEntry(data_key=key, column=column, digest=_digest(column, value))
            for column, value in entries
        ],
        ignore_conflicts=True,
    )


def find(column: str, value: str) -> list[UUID]:
    """Return the ids of the data keys whose case was indexed with this normalised value."""
    found = BlindIndexEntry.objects.filter(column=column, digest=_digest(column, value))
    return list(found.order_by("data_key_id").values_list("data_key_id", flat=True))


def keyed_hash(purpose: str, secret: bytes) -> bytes:
    """Return a 32-byte HMAC-SHA256 of a receipt or token, different for each purpose.

    Compare with `hmac.compare_digest` or look it up through a unique column.
    """
    return _hmac(f"keyed hash|{purpose}", secret)


def shared_key(purpose: str) -> bytes:
    """Return the 32-byte key of `keyed_hash` for a purpose, where others must make the same hashes.

    It says nothing about the keys of other purposes.
    """
    return _subkey(f"keyed hash|{purpose}")


def _digest(column: str, value: str) -> bytes:
    if not value:
        raise ValueError("An empty value is not indexed.")
    return _hmac(f"blind index|{column}", value.encode())[:DIGEST_BYTES]


def _hmac(label: str, message: bytes) -> bytes:
    return hmac.digest(_subkey(label), message, hashlib.sha256)


def _subkey(label: str) -> bytes:
    return hmac.digest(key_from_base64(settings.INDEX_KEY), label.encode(), hashlib.sha256)
