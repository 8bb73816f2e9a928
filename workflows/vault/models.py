"""What the vault stores: data keys, blind indexes, the list of encrypted files, the cache."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone

from workflows.vault.crypto import Shredded
from workflows.vault.fields import SealedBytes, SealedModel
from workflows.vault.keyring import keyring


class DataKey(models.Model):
    """The key that seals all personal data of one case.

    Personal data: none itself. Whoever has it and the key-encryption key reads the case;
    emptying `wrapped` makes everything that it sealed unreadable for ever.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped = models.BinaryField(null=True)
    kek = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    shredded_at = models.DateTimeField(null=True)

    _secret: bytes | None = None

    @property
    def is_shredded(self) -> bool:
        """Whether the key was destroyed."""
        return self.wrapped is None

    def secret(self) -> bytes:
        """Return the 32 bytes in the clear, kept in this instance only.

        Raises `Shredded` when the key was destroyed, `DecryptionFailed` when it does not unwrap.
        """
        if self.wrapped is None:
            raise Shredded("The data key was destroyed.")
        if self._secret is None:
            self._secret = keyring().unwrap(self.kek, bytes(self.wrapped), self.wrap_context())
        return self._secret

    def wrap_context(self) -> bytes:
        """Return what binds the wrapped key to this row."""
        return b"vault data key|" + self.pk.bytes

    def remember_secret(self, secret: bytes) -> None:
        """Take the key in the clear from whoever has just wrapped it."""
        self._secret = secret

    def forget_secret(self) -> None:
        """Drop the unwrapped key from this instance."""
        self._secret = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the unwrapped key out of pickles and copies."""
        state = super().__getstate__()
        state.pop("_secret", None)
        return state


class BlindIndexEntry(models.Model):
    """A keyed hash by which a sealed value can be found again.

    Personal data: a pseudonymous digest of an e-mail address, number or name; with `INDEX_KEY` a
    guess can be confirmed, so entries are deleted when the case is shredded.
    """

    data_key = models.ForeignKey(DataKey, on_delete=models.CASCADE, related_name="+")
    column = models.TextField()
    digest = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["column", "digest", "data_key"], name="vault_blind_index_once"
            ),
        ]


class IndexKeyRotation(models.Model):
    """How far the stored hashes were made anew under one index key; see `vault/rotation.py`.

    Personal data: none.
    """

    key_name = models.CharField(max_length=16, primary_key=True)
    begun_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # The last row that each step has done; empty again when all are done.
    reached = models.JSONField(default=dict)


class StoredFile(SealedModel):
    """An encrypted file: of up to 64 KiB in `content`, larger on the disk (`MEDIA_ROOT/vault/`).

    Personal data: the file's content, encrypted with the case's key, and its sealed digest.
    Its name is kept by the caller. The row is deleted when the case is shredded.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.ForeignKey(DataKey, on_delete=models.CASCADE, related_name="+")
    size = models.BigIntegerField()
    sha256 = SealedBytes()
    # Sealed by `vault/files.py`, whose format it has; null for a file that lies on the disk.
    content = models.BinaryField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    @property
    def sealing_key(self) -> DataKey:
        """Return the key of the file's case."""
        return self.data_key


class CacheEntry(models.Model):
    """An entry of the cache that all processes share; see `vault/cache.py`.

    Personal data: a keyed hash that may have been made of a network address or an account's name,
    with counts and moments as the value. It is deleted within minutes after it has expired.
    """

    cache_key = models.CharField(max_length=64, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)
