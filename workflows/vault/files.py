"""Encrypted files: a small one in its row, a large one on the disk, which streams both ways.

A file is `version (1 byte) | salt (32 bytes) | chunks`. Its own key is HKDF-SHA256 of the data
key with that salt. Each chunk holds 64 KiB of plaintext under AES-256-GCM; its nonce is an
11-byte counter and one byte that is 1 for the last chunk. That is the STREAM construction
(Hoang, Reyhanitabar, Rogaway, Vizár 2015, as in Tink and age): a chunk that is changed, moved,
repeated or cut off is refused.

A file of one chunk lies in its row, deflated where that makes it smaller (version 2): it is
written by the commit that needs it, without a flush and a block of the disk of its own. A larger
one is complete on the disk before its row exists, so a crash can only leave a file without a row;
`sweep_orphans` removes those.
"""

import hashlib
import io
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from workflows.vault.crypto import KEY_BYTES, TAG_BYTES, DecryptionFailed
from workflows.vault.models import DataKey, StoredFile

VERSION = 1
DEFLATED = 2
CHUNK_BYTES = 64 * 1024
_SALT_BYTES = 32
_TEMPORARY_SUFFIX = ".part"


def store(key: DataKey, content: bytes | Iterable[bytes]) -> StoredFile:
    """Encrypt `content` and return its new row; raise `Shredded` without a key.

    What does not fit in the row is flushed to the disk and renamed into place before that.
    """
    stored = _sealed(key, content)
    stored.save(force_insert=True)
    return stored


def store_all(key: DataKey, contents: Iterable[bytes]) -> list[StoredFile]:
    """Store several files like `store`, with one statement for all of their rows."""
    return StoredFile.objects.bulk_create([_sealed(key, content) for content in contents])


def _sealed(key: DataKey, content: bytes | Iterable[bytes]) -> StoredFile:
    """Encrypt `content`, to the disk if it is large; return its row, which is not saved yet."""
    stored = StoredFile(id=uuid4(), data_key=key)
    chunks = _chunks(content)
    first, is_last = next(chunks)
    if is_last:
        stored.content = _one_chunk(stored, first)
        stored.size, stored.sha256 = len(first), hashlib.sha256(first).digest()
    else:
        _write(stored, chain([(first, is_last)], chunks))
    return stored


def _one_chunk(stored: StoredFile, chunk: bytes) -> bytes:
    deflated = zlib.compress(chunk)
    version, packed = (DEFLATED, deflated) if len(deflated) < len(chunk) else (VERSION, chunk)
    salt = os.urandom(_SALT_BYTES)
    sealed = _cipher(stored, version, salt).encrypt(_nonce(0, last=True), packed, None)
    return bytes([version]) + salt + sealed


def _write(stored: StoredFile, chunks: Iterable[tuple[bytes, bool]]) -> None:
    """Encrypt chunks to the disk; note size and digest in the row."""
    path = _path(stored.pk)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(_TEMPORARY_SUFFIX)
    digest = hashlib.sha256()
    stored.size = 0
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            salt = os.urandom(_SALT_BYTES)
            target.write(bytes([VERSION]) + salt)
            cipher = _cipher(stored, VERSION, salt)
            for number, (chunk, last) in enumerate(chunks):
                digest.update(chunk)
                stored.size += len(chunk)
                target.write(cipher.encrypt(_nonce(number, last=last), chunk, None))
            target.flush()
            os.fsync(target.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    stored.sha256 = digest.digest()


def read(stored: StoredFile) -> Iterator[bytes]:
    """Return the content chunk by chunk, each one verified before it is given out.

    Raises `Shredded` or `DecryptionFailed` at once when the key or the file is gone, and
    `DecryptionFailed` on the way when a chunk was changed or the end is missing.
    """
    stored.data_key.secret()
    if stored.content is None and not _path(stored.pk).exists():
        raise DecryptionFailed("The encrypted file is missing.")
    return _plaintext(stored)


def delete(stored: StoredFile) -> None:
    """Delete the row now and the file once the transaction has committed."""
    identifier = stored.pk
    stored.delete()
    transaction.on_commit(lambda: remove_files([identifier]), robust=True)


def remove_files(identifiers: Iterable[UUID]) -> None:
    """Remove encrypted files from the disk; those already gone are no error."""
    for identifier in identifiers:
        _path(identifier).unlink(missing_ok=True)


def sweep_orphans(older_than: timedelta = timedelta(hours=1)) -> int:
    """Remove files that have no row and return how many there were.

    A file younger than `older_than` may belong to a transaction that has not committed yet; one
    whose name is no id is not of the vault.
    """
    limit = time.time() - older_than.total_seconds()
    removed = 0
    for folder in sorted(root().glob("??")):
        candidates = dict(_older(folder, limit))
        kept = set(
            StoredFile.objects.filter(pk__in=candidates.values()).values_list("pk", flat=True)
        )
        for path, identifier in candidates.items():
            if path.suffix == _TEMPORARY_SUFFIX or identifier not in kept:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _older(folder: Path, limit: float) -> Iterator[tuple[Path, UUID]]:
    for path in folder.glob("*"):
        try:
            identifier = UUID(path.stem)
            old = path.is_file() and path.stat().st_mtime < limit
        except (ValueError, FileNotFoundError):  # a stray name; deleted meanwhile
            continue
        if old:
            yield path, identifier


def _source(stored: StoredFile) -> BinaryIO:
    if stored.content is None:
        return _path(stored.pk).open("rb")
    return io.BytesIO(stored.content)


def _plaintext(stored: StoredFile) -> Iterator[bytes]:
    with _source(stored) as source:
        header = source.read(1 + _SALT_BYTES)
        if len(header) != 1 + _SALT_BYTES or header[0] not in (VERSION, DEFLATED):
            raise DecryptionFailed("The encrypted file has an unknown version.")
        cipher = _cipher(stored, header[0], header[1:])
        for number, (chunk, last) in enumerate(_sealed_chunks(source)):
            try:
                opened = cipher.decrypt(_nonce(number, last=last), chunk, None)
            except InvalidTag:
                raise DecryptionFailed("The encrypted file was changed.") from None
            yield zlib.decompress(opened) if header[0] == DEFLATED else opened


def _chunks(content: bytes | Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Cut into chunks of `CHUNK_BYTES`; the last one is marked, and an empty file has one."""
    buffer = bytearray()
    for piece in [content] if isinstance(content, bytes) else content:
        buffer += piece
        while len(buffer) > CHUNK_BYTES:
            yield bytes(buffer[:CHUNK_BYTES]), False
            del buffer[:CHUNK_BYTES]
    yield bytes(buffer), True


def _sealed_chunks(source: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    chunk = source.read(CHUNK_BYTES + TAG_BYTES)
    while True:
        following = source.read(CHUNK_BYTES + TAG_BYTES)
        yield chunk, not following
        if not following:
            return
        chunk = following


def _cipher(stored: StoredFile, version: int, salt: bytes) -> AESGCM:
    key = stored.data_key
    place = f"{key.pk}|vault_storedfile|content|{version}".encode() + stored.pk.bytes
    derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=place)
    return AESGCM(derivation.derive(key.secret()))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def root() -> Path:
    """Return the folder in which the large ones of the sealed files lie."""
    return Path(settings.MEDIA_ROOT) / "vault"


def _path(identifier: UUID) -> Path:
    return root() / identifier.hex[:2] / str(identifier)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
