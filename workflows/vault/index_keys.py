"""The keys of stored hashes: one makes them, and those before it recognise what they have made.

`INDEX_KEY` makes every hash that is stored from now on; `INDEX_OLD_KEYS` (a list, optional) are the
keys before it. Whoever looks for a stored hash asks for it under all of them. `rotation.py` makes
anew what can be made anew, and ADR 0022 says what cannot.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from django.conf import settings

from workflows.vault.keys import key_from_base64

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
