"""A copy of the log costs what came since, and keeps no part of a tile that is full."""

import uuid

import pytest
from django.db import transaction

from workflows.ledger import append, copies, selectors, sequencer
from workflows.ledger.copies import read_copy, write_copy

pytestmark = pytest.mark.django_db
NAMES = frozenset({"case.viewed"})


def grow(events: int) -> None:
    with transaction.atomic():
        for _ in range(events):
            append.append(name="case.viewed", role="reviewer", case=uuid.UUID(int=7))
    sequencer.sequence(events)


def files_in(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def built(monkeypatch) -> list[str]:
    """Give the paths of what is read out of the database, as it is read."""
    paths: list[str] = []
    for name in ("_hash_tile", "_entry_bundle"):
        real = getattr(selectors, name)

        def build(ref, *rest, real=real):
            paths.append(ref.path)
            return real(ref, *rest)

        monkeypatch.setattr(selectors, name, build)
    return paths


def test_only_tiles_that_are_not_there_are_built(tmp_path, built):
    grow(300)
    write_copy(tmp_path)
    assert {"tile/0/000", "tile/entries/000", "tile/0/001.p/44"} <= set(built)
    built.clear()
    write_copy(tmp_path)
    assert built == []
    grow(10)
    write_copy(tmp_path)
    assert built == ["tile/0/001.p/54", "tile/entries/001.p/54"]


def test_parts_of_a_tile_go_when_it_is_full(tmp_path):
    for size in (100, 200, 300):
        grow(100)
        write_copy(tmp_path)
        assert len(read_copy(tmp_path, NAMES)) == size
    assert files_in(tmp_path) == {
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    }


def test_a_copy_that_is_broken_off_stays_whole(tmp_path, monkeypatch):
    grow(200)
    write_copy(tmp_path)
    grow(100)
    write = copies._write

    def stop_at_checkpoint(place, content):
        if place.name == "checkpoint":
            raise OSError(28, "No space left on device")
        write(place, content)

    with monkeypatch.context() as broken:
        broken.setattr(copies, "_write", stop_at_checkpoint)
        with pytest.raises(OSError, match="No space left"):
            write_copy(tmp_path)
    assert len(read_copy(tmp_path, NAMES)) == 200
    write_copy(tmp_path)
    assert len(read_copy(tmp_path, NAMES)) == 300
    assert "tile/0/000.p/200" not in files_in(tmp_path)
