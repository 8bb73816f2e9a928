"""Making, re-wrapping and destroying data keys."""

import os
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from workflows.vault.crypto import KEY_BYTES
from workflows.vault.files import remove_files
from workflows.vault.keyring import keyring
from workflows.vault.models import BlindIndexEntry, DataKey, StoredFile


def create_data_key() -> DataKey:
    """Store and return a new random data key."""
    (key,) = create_data_keys(1)
    return key


def create_data_keys(count: int) -> list[DataKey]:
    """Store and return new random data keys, with one query for all of them."""
    return DataKey.objects.bulk_create([new_data_key() for _number in range(count)])


def new_data_key() -> DataKey:
    """Return a new random data key, which is not stored yet."""
    ring, secret = keyring(), os.urandom(KEY_BYTES)
    key = DataKey(id=uuid4(), kek=ring.current())
    key.wrapped = ring.wrap(secret, key.wrap_context())
    key.remember_secret(secret)
    return key


def shred(key: DataKey) -> None:
    """Destroy a data key and all that the vault holds for it; doing it again is no error.

    The wrapped key, the blind index and the rows of files go in one transaction. The files go
    after the commit; if the process dies in between, `files.sweep_orphans` removes them.
    Rows of other packages that point to a stored file follow their own `on_delete`.
    """
    with transaction.atomic():
        locked = DataKey.objects.select_for_update().get(pk=key.pk)
        BlindIndexEntry.objects.filter(data_key=locked).delete()
        files = StoredFile.objects.filter(data_key=locked)
        identifiers = list(files.values_list("pk", flat=True))
        files.delete()
        locked.wrapped = None
        locked.shredded_at = locked.shredded_at or timezone.now()
        locked.save(update_fields=["wrapped", "shredded_at"])
        transaction.on_commit(lambda: remove_files(identifiers), robust=True)
    key.wrapped, key.shredded_at = None, locked.shredded_at
    key.forget_secret()


def rewrap(batch: int = 500) -> int:
    """Wrap every data key anew that an older key-encryption key wrapped; return how many.

    Works in short transactions while the site is running; several runs at once do no harm.
    Raises `DecryptionFailed` when an older key is in no setting.
    """
    ring = keyring()
    current = ring.current()
    outdated = DataKey.objects.filter(wrapped__isnull=False).exclude(kek=current)
    done = 0
    while outdated.exists():
        with transaction.atomic():
            keys = list(outdated.select_for_update().order_by("pk")[:batch])
            for key in keys:
                key.wrapped = ring.wrap(key.secret(), key.wrap_context())
                key.kek = current
            DataKey.objects.bulk_update(keys, ["wrapped", "kek"])
        done += len(keys)
    return done
