"""The keys that wrap data keys, behind an interface that a key management service can take over.

`settings.VAULT_KEYRING` may name another class with the same three methods, for example one that
calls a cloud KMS. The default keeps the keys in settings: `VAULT_KEY` wraps, and `VAULT_OLD_KEYS`
(a list, optional) still unwraps what earlier keys wrapped until `vault_rewrap` has run.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

from workflows.vault.crypto import KEY_BYTES, DecryptionFailed, decrypt, encrypt


class Keyring(Protocol):
    """Wraps and unwraps data keys. `context` must be the same both times."""

    def current(self) -> str:
        """Return the name of the key that wraps now."""

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Wrap a 32-byte data key with the current key."""

    def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap with the key `name`; raise `DecryptionFailed` when unknown or not fitting."""


class LocalKeyring:
    """Key-encryption keys from the settings, each named after a hash of itself."""

    def __init__(self) -> None:
        self._wrapping = key_from_base64(settings.VAULT_KEY)
        old: Sequence[str] = getattr(settings, "VAULT_OLD_KEYS", ())
        self._keys = {
            _name(key): key for key in (self._wrapping, *(key_from_base64(text) for text in old))
        }

    def current(self) -> str:
        """Return the name of `VAULT_KEY`."""
        return _name(self._wrapping)

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Wrap with `VAULT_KEY`."""
        return encrypt(self._wrapping, secret, context)

    def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap with the key of that name among `VAULT_KEY` and `VAULT_OLD_KEYS`."""
        key = self._keys.get(name)
        if key is None:
            raise DecryptionFailed(f"The key-encryption key {name} is in no setting.")
        return decrypt(key, wrapped, context)


def keyring() -> Keyring:
    """Return the keyring that the settings choose."""
    name = getattr(settings, "VAULT_KEYRING", "workflows.vault.keyring.LocalKeyring")
    return cast(Keyring, import_string(name)())


def key_from_base64(text: str) -> bytes:
    """Return the 32 bytes that `text` encodes; raise `ValueError` for anything else."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("The key is not base64.") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"The key has {len(key)} bytes, not {KEY_BYTES}.")
    return key


def _name(key: bytes) -> str:
    return "local:" + hmac.new(key, b"vault key name", hashlib.sha256).hexdigest()[:16]


@register(Tags.security)
def check_keys(**_: Any) -> list[CheckMessage]:
    """Require base64 of 32 bytes in `VAULT_KEY`, `INDEX_KEY` and each of the older keys."""
    found: list[CheckMessage] = []
    for name, text in _keys():
        try:
            key_from_base64(text)
        except ValueError as error:
            found.append(
                Error(
                    f"{name} must be base64 of 32 random bytes. {error}",
                    hint="Make one with: openssl rand -base64 32",
                    id="vault.E001",
                )
            )
    if settings.VAULT_KEY and settings.VAULT_KEY == settings.INDEX_KEY:
        found.append(Error("VAULT_KEY and INDEX_KEY must differ.", id="vault.E002"))
    if settings.INDEX_KEY in settings.INDEX_OLD_KEYS:
        found.append(Error("INDEX_KEY must not be in INDEX_OLD_KEYS as well.", id="vault.E005"))
    return found


def _keys() -> Iterator[tuple[str, str]]:
    yield "VAULT_KEY", settings.VAULT_KEY
    yield "INDEX_KEY", settings.INDEX_KEY
    for number, text in enumerate(getattr(settings, "VAULT_OLD_KEYS", ()), start=1):
        yield f"VAULT_OLD_KEYS[{number}]", text
    for number, text in enumerate(settings.INDEX_OLD_KEYS, start=1):
        yield f"INDEX_OLD_KEYS[{number}]", text
