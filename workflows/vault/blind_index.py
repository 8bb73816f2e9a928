"""Finding a case by a value that is stored only sealed: exact matches through a keyed hash.

The caller normalises a value the same way for both calls (lower-case e-mail, E.164 number).
Each column and each purpose has its own key derived from `INDEX_KEY`, so digests of one column
say nothing about another. What is stored is made with the current key (`index`, `keyed_hash`);
what is looked up may be under a former one (`find`, `keyed_hashes`).
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from workflows.vault.crypto import Shredded
from workflows.vault.keyring import key_from_base64
from workflows.vault.models import BlindIndexEntry, DataKey

DIGEST_BYTES = 16
_NAME_BYTES = 8


@dataclass(frozen=True, slots=True)
class IndexKey:
    """One of these keys. Each column and each purpose has its own key derived from it."""

    _secret: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """A hash of the key, by which rows say what they were made with."""
        return key_name(self._secret)

    def keyed_hash(self, purpose: str, secret: bytes) -> bytes:
        """Return a 32-byte HMAC-SHA256, different for each purpose."""
        return hmac.digest(self.shared_key(purpose), secret, hashlib.sha256)

    def shared_key(self, purpose: str) -> bytes:
        """Return the key of `keyed_hash` for a purpose, which says nothing about other purposes."""
        return self._derived(f"keyed hash|{purpose}")

    def indexed(self, column: str, value: str) -> bytes:
        """Return the 16 bytes by which a value of a column is found.

        Raises `ValueError` for an empty value, which would link strangers.
        """
        if not value:
            raise ValueError("An empty value is not indexed.")
        subkey = self._derived(f"blind index|{column}")
        return hmac.digest(subkey, value.encode(), hashlib.sha256)[:DIGEST_BYTES]

    def _derived(self, label: str) -> bytes:
        return hmac.digest(self._secret, label.encode(), hashlib.sha256)


def index_keys() -> list[IndexKey]:
    """Return the keys of the settings: the one that makes hashes, then those that recognise."""
    texts = dict.fromkeys((settings.INDEX_KEY, *settings.INDEX_OLD_KEYS))
    return [IndexKey(key_from_base64(text)) for text in texts]


def current_key() -> IndexKey:
    """Return the key that makes hashes."""
    return IndexKey(key_from_base64(settings.INDEX_KEY))


def key_name(secret: bytes) -> str:
    """Return what a key is called: 16 hexadecimal digits, which do not give it away."""
    return hmac.digest(secret, b"name of the key", hashlib.sha256)[:_NAME_BYTES].hex()


def index(key: DataKey, column: str, value: str) -> None:
    """Make the case of `key` findable by one normalised value; doing it twice changes nothing."""
    index_many(key, [(column, value)])


def index_many(key: DataKey, entries: Iterable[tuple[str, str]]) -> None:
    """Index several `(column, normalised value)` pairs with one query.

    Raises `Shredded` for a shredded key and `ValueError` for an empty value, which would link
    strangers. The caller holds the lock on its case, so that no shredding runs at the same time.
    """
    BlindIndexEntry.objects.bulk_create(new_entries(key, entries), ignore_conflicts=True)


def new_entries(key: DataKey, entries: Iterable[tuple[str, str]]) -> list[BlindIndexEntry]:
    """Return the entries for `(column, normalised value)` pairs, which are not stored yet.

    Raises what `index_many` does.
    """
    if key.is_shredded:
        raise Shredded("A shredded case is not indexed.")
    current = current_key()
    return [
        BlindIndexEntry(data_key=key, column=column, digest=current.indexed(column, value))
        for column, value in entries
    ]


def index_anew(key: DataKey, column: str, values: Collection[str]) -> int:
    """Make the case of `key` findable in a column by these values alone, under the current key.

    Returns how many entries are new. Raises and needs what `index_many` does.
    """
    current = current_key()
    wanted = {current.indexed(column, value): value for value in values}
    entries = BlindIndexEntry.objects.filter(data_key=key, column=column)
    held = {bytes(digest) for digest in entries.values_list("digest", flat=True)}
    if held - wanted.keys():
        entries.exclude(digest__in=list(wanted)).delete()
    missing = [value for digest, value in wanted.items() if digest not in held]
    if missing:
        index_many(key, [(column, value) for value in missing])
    return len(missing)


def find(column: str, value: str) -> list[UUID]:
    """Return the ids of the data keys whose case was indexed with this normalised value."""
    return find_any(column, [value])


def find_any(column: str, values: Iterable[str]) -> list[UUID]:
    """Return the ids of the data keys whose case was indexed with one of these values."""
    keys = index_keys()
    digests = [key.indexed(column, value) for value in values for key in keys]
    found = BlindIndexEntry.objects.filter(column=column, digest__in=digests)
    return list(found.order_by("data_key_id").values_list("data_key_id", flat=True).distinct())


def keyed_hash(purpose: str, secret: bytes) -> bytes:
    """Return a 32-byte HMAC-SHA256 of a receipt or token, different for each purpose, to store."""
    return current_key().keyed_hash(purpose, secret)


def keyed_hashes(purpose: str, secret: bytes) -> list[bytes]:
    """Return the hashes under which a receipt or token may be stored, the current one first.

    Compare with `hmac.compare_digest`, or look them up through a unique column.
    """
    return [key.keyed_hash(purpose, secret) for key in index_keys()]
