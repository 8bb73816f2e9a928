"""Encrypted files: streamed, whole or refused, never without a way to be cleaned up.

A file of one chunk lies in its row, a larger one on the disk.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from workflows.vault import files
from workflows.vault.crypto import DecryptionFailed, Shredded
from workflows.vault.files import CHUNK_BYTES, delete, read, store, sweep_orphans
from workflows.vault.models import DataKey, StoredFile
from workflows.vault.services import shred

with_fixtures = hypothesis_settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
EDGES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7]
AT_ONCE = timedelta(seconds=-60)
LARGE = b"Zhang Wei " * 10_000
SMALL = b"Zhang Wei " * 100


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def content_of(stored: StoredFile) -> bytes:
    return b"".join(read(stored))


def on_disk(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", EDGES)
def test_a_file_comes_back_whole(key: DataKey, size: int) -> None:
    content = os.urandom(size)

    stored = StoredFile.objects.get(pk=store(key, content).pk)

    assert content_of(stored) == content
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(content).digest())


@with_fixtures
@given(pieces=st.lists(st.binary(max_size=300), max_size=10))
def test_pieces_of_any_size_come_back_in_order(key: DataKey, pieces: list[bytes]) -> None:
    assert content_of(store(key, iter(pieces))) == b"".join(pieces)


def test_a_large_file_is_given_out_piece_by_piece(key: DataKey) -> None:
    stored = store(key, (bytes(CHUNK_BYTES) for _ in range(5)))

    assert [len(piece) for piece in read(stored)] == [CHUNK_BYTES] * 5


def test_the_disk_never_holds_the_content(key: DataKey, media: Path) -> None:
    store(key, LARGE)

    [path] = on_disk(media)
    assert b"Zhang" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def test_a_small_file_lies_in_its_row_and_is_deflated_there(key: DataKey, media: Path) -> None:
    stored = StoredFile.objects.get(pk=store(key, SMALL).pk)

    assert on_disk(media) == []
    assert stored.content is not None
    assert b"Zhang" not in stored.content
    assert len(stored.content) < len(SMALL) / 4
    assert stored.size == len(SMALL)


def test_what_does_not_become_smaller_stays_as_it_is(key: DataKey) -> None:
    content = os.urandom(1000)

    stored = store(key, content)

    assert stored.content is not None
    assert len(stored.content) == 1 + 32 + 1000 + 16
    assert content_of(stored) == content


def test_several_files_take_one_statement(key: DataKey, django_assert_num_queries: Any) -> None:
    contents = [b"pdf" * 50, b"", b"text" * 50]

    with django_assert_num_queries(1):
        stored = files.store_all(key, contents)

    assert [content_of(StoredFile.objects.get(pk=each.pk)) for each in stored] == contents


def test_the_same_content_looks_different_each_time(key: DataKey, media: Path) -> None:
    stored = [store(key, SMALL) for _ in range(2)]
    store(key, LARGE)
    store(key, LARGE)

    first, second = (bytes(each.content or b"")[33:] for each in stored)
    assert first != second
    first, second = (path.read_bytes()[33:] for path in on_disk(media))
    assert first != second


@with_fixtures
@given(data=st.data())
def test_a_change_of_any_byte_is_refused(key: DataKey, data: st.DataObject) -> None:
    stored = store(key, SMALL)
    changed = bytearray(stored.content or b"")
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    stored.content = bytes(changed)

    with pytest.raises(DecryptionFailed):
        content_of(stored)


@pytest.mark.parametrize("place", [0, 1, 33, 40_000, -1])
def test_a_changed_byte_on_the_disk_is_refused(key: DataKey, place: int) -> None:
    stored = store(key, LARGE)
    path = files._path(stored.pk)
    changed = bytearray(path.read_bytes())
    changed[place] ^= 1
    path.write_bytes(changed)

    with pytest.raises(DecryptionFailed):
        content_of(stored)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda head, a, b, c: head + a + b,
        lambda head, a, b, c: head + b + a + c,
        lambda head, a, b, c: head + a + a + b + c,
        lambda head, a, b, c: head + a + b + c + c,
        lambda head, a, b, c: head + a + b + c[:-1],
        lambda head, a, b, c: head,
        lambda head, a, b, c: head[:5],
        lambda head, a, b, c: b"",
    ],
    ids=["cut", "swapped", "repeated", "longer", "shorter", "empty", "half a head", "nothing"],
)
def test_chunks_out_of_place_are_refused(key: DataKey, spoil: Any) -> None:
    stored = store(key, os.urandom(2 * CHUNK_BYTES + 10))
    path = files._path(stored.pk)
    raw, sealed = path.read_bytes(), CHUNK_BYTES + 16
    parts = [raw[33 + n * sealed : 33 + (n + 1) * sealed] for n in range(3)]
    path.write_bytes(spoil(raw[:33], *parts))

    with pytest.raises(DecryptionFailed):
        content_of(stored)


def test_the_file_of_another_row_is_refused(key: DataKey) -> None:
    first, second = store(key, LARGE), store(key, LARGE)
    files._path(second.pk).write_bytes(files._path(first.pk).read_bytes())
    third, fourth = store(key, SMALL), store(key, SMALL)
    fourth.content = third.content

    for stored in (second, fourth):
        with pytest.raises(DecryptionFailed):
            content_of(stored)


def test_a_missing_file_is_noticed_before_the_first_piece(key: DataKey) -> None:
    stored = store(key, LARGE)
    files._path(stored.pk).unlink()

    with pytest.raises(DecryptionFailed, match="missing"):
        read(stored)


def test_a_shredded_file_is_noticed_before_the_first_piece(key: DataKey) -> None:
    small, large = store(key, SMALL), store(key, LARGE)
    shred(key)

    for stored in (small, large):
        with pytest.raises(Shredded):
            read(stored)
    with pytest.raises(Shredded):
        store(key, b"y")


def test_a_source_that_breaks_off_leaves_nothing(key: DataKey, media: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(CHUNK_BYTES * 2)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store(key, broken())

    assert on_disk(media) == []
    assert not StoredFile.objects.exists()


def test_a_disk_that_does_not_keep_the_bytes_leaves_nothing(
    key: DataKey, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space"):
        store(key, LARGE)
    assert on_disk(media) == []
    assert not StoredFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_deleted_file_leaves_the_disk_at_the_commit(key: DataKey, media: Path) -> None:
    stored = store(key, LARGE)

    with transaction.atomic():
        delete(stored)
        assert len(on_disk(media)) == 1

    assert on_disk(media) == []


@pytest.mark.django_db(transaction=True)
def test_a_deletion_rolled_back_keeps_the_file(key: DataKey) -> None:
    stored = store(key, LARGE)

    with transaction.atomic():
        delete(StoredFile.objects.get())
        transaction.set_rollback(True)

    assert content_of(stored) == LARGE


def test_the_sweep_removes_what_no_row_knows(key: DataKey, media: Path) -> None:
    kept, orphan = store(key, LARGE), store(key, LARGE)
    StoredFile.objects.filter(pk=orphan.pk).delete()
    files._path(UUID(int=1)).parent.mkdir(exist_ok=True)
    files._path(UUID(int=1)).with_suffix(".part").write_bytes(b"half")

    assert sweep_orphans(older_than=AT_ONCE) == 2

    assert on_disk(media) == [files._path(kept.pk)]


def test_the_sweep_leaves_what_is_not_of_the_vault(key: DataKey, media: Path) -> None:
    lost = store(key, LARGE)
    StoredFile.objects.filter(pk=lost.pk).delete()
    folder = files._path(lost.pk).parent
    (folder / "lost+found").mkdir()
    (folder / str(UUID(int=3))).mkdir()
    stray = [folder / ".nfs0000", folder / "notes.part", media / "vault" / "zz"]
    for path in stray:
        path.write_bytes(b"of somebody else")

    assert sweep_orphans(older_than=AT_ONCE) == 1

    assert sorted(on_disk(media)) == sorted(stray)


def test_the_sweep_goes_on_when_a_file_vanishes_meanwhile(
    key: DataKey, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, lost = store(key, LARGE), store(key, LARGE)
    StoredFile.objects.filter(pk__in=[gone.pk, lost.pk]).delete()
    look = Path.stat

    def look_too_late(path: Path, **options: Any) -> Any:
        if path == files._path(gone.pk):
            path.unlink(missing_ok=True)
        return look(path, **options)

    monkeypatch.setattr(Path, "stat", look_too_late)

    assert sweep_orphans(older_than=AT_ONCE) == 1

    assert on_disk(media) == []


def test_the_sweep_spares_files_whose_row_may_still_be_committed(key: DataKey, media: Path) -> None:
    StoredFile.objects.filter(pk=store(key, LARGE).pk).delete()

    assert sweep_orphans() == 0
    assert len(on_disk(media)) == 1


def test_the_sweep_needs_no_folder() -> None:
    assert sweep_orphans() == 0
