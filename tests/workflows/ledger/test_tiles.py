"""Tiles and bundles: where they lie, how wide they are, how entries are packed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.ledger.reading import decode_bundle
from workflows.ledger import tiles
from workflows.ledger.tiles import TileError, TileRef

TESSERA_BUNDLE = bytes.fromhex("00036f6e65000374776f00057468726565")

refs = st.builds(
    TileRef,
    level=st.none() | st.integers(0, 63),
    index=st.integers(0, 10**21 - 1),
    width=st.integers(1, 256),
)


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        (TileRef(0, 5), "tile/0/005"),
        (TileRef(0, 1234067), "tile/0/x001/x234/067"),
        (TileRef(1, 1000, 7), "tile/1/x001/000.p/7"),
        (TileRef(63, 0, 255), "tile/63/000.p/255"),
        (TileRef(None, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_known_paths(ref, path):
    assert ref.path == path
    assert tiles.parse_path(path) == ref


@given(refs)
def test_a_path_names_one_tile(ref):
    assert tiles.parse_path(ref.path) == ref


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/0",
        "tile/0/5",
        "tile/0/0005",
        "tile/00/005",
        "tile/64/005",
        "tile/-1/005",
        "tile/data/005",
        "tile/0/x000/005",
        "tile/0/001/005",
        "tile/0/x001/x005",
        "tile/0/005.p/0",
        "tile/0/005.p/07",
        "tile/0/005.p/256",
        "tile/0/005.p/257",
        "tile/0/005.p/",
        "tile/0/005/",
        "/tile/0/005",
        "tile/0/005\n",
        "tile/0/../0/005",
        "tile/0/\u0660\u0660\u0665",
    ],
)
def test_other_paths_are_refused(path):
    with pytest.raises(TileError):
        tiles.parse_path(path)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, {}),
        (1, {0: (0, 1)}),
        (255, {0: (0, 255)}),
        (256, {0: (1, 0), 1: (0, 1)}),
        (70000, {0: (273, 112), 1: (1, 17), 2: (0, 1)}),
    ],
)
def test_the_tiles_of_a_size(size, expected):
    found = {}
    for ref in tiles.tiles_at(size):
        full = found.get(ref.level, (0, 0))[0]
        found[ref.level] = (full + 1, 0) if ref.width == 256 else (full, ref.width)
    assert found == expected


@given(st.integers(0, 200_000))
def test_the_listed_tiles_have_the_width_of_that_size_and_no_more_follow(size):
    last = {}
    for ref in tiles.tiles_at(size):
        assert ref.width == tiles.width_at(ref.level, ref.index, size)
        last[ref.level] = ref.index
    for level in range(4):
        assert tiles.width_at(level, last.get(level, -1) + 1, size) == 0


@given(st.integers(0, 5000))
def test_bundles_hold_every_entry_once(size):
    assert sum(ref.width for ref in tiles.bundles_at(size)) == size


def test_the_bundle_of_a_real_log():
    assert tiles.encode_bundle([b"one", b"two", b"three"]) == TESSERA_BUNDLE
    assert decode_bundle(TESSERA_BUNDLE) == [b"one", b"two", b"three"]


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_entries_come_out_as_they_went_in(entries):
    assert decode_bundle(tiles.encode_bundle(entries)) == entries


def test_the_largest_entry_fits_and_no_larger():
    assert len(tiles.encode_bundle([bytes(65_535)])) == 65_537
    with pytest.raises(TileError, match="65535"):
        tiles.encode_bundle([bytes(65_536)])
